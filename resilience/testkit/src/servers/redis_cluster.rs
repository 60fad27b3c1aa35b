use std::{io, time::Duration};

use super::{
    error::ServerError, private::Private, random, redis_ask, redis_program::RedisProgram,
    wait_until,
};

/// A Redis Cluster of three masters for one test, empty at first. There are no replicas, so while
/// one node is down the cluster is.
///
/// It is always private, and as durable as a private [`Redis`](super::Redis).
#[derive(Debug)]
pub struct RedisCluster {
    password: String,
    nodes: Vec<Private<RedisProgram>>,
}

impl RedisCluster {
    /// How many nodes there are.
    pub const NODES: usize = 3;

    /// A cluster that only this value knows. It takes some seconds until its nodes know each other.
    pub fn private() -> Result<Self, ServerError> {
        let password = random::hex();
        let start = |_| Private::start(RedisProgram::prepare_node(&password)?);
        let nodes = (0..Self::NODES).map(start).collect::<Result<_, _>>()?;
        let cluster = Self { password, nodes };
        cluster.share_out_slots()?;
        cluster.introduce()?;
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// Where to connect, with password: one for each node.
    pub fn urls(&self) -> Vec<String> {
        let url = |port| format!("redis://:{}@127.0.0.1:{port}/", self.password);
        self.ports().into_iter().map(url).collect()
    }

    /// The ports that the nodes listen on; restarts keep them.
    pub fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(Private::port).collect()
    }

    /// Ends a node as a crash would.
    pub fn kill(&mut self, node: usize) -> Result<(), ServerError> {
        self.node(node)?.kill();
        Ok(())
    }

    /// Starts a node again, on the same port and the same data, and waits until the cluster serves;
    /// stops it first if it runs.
    pub fn restart(&mut self, node: usize) -> Result<(), ServerError> {
        self.node(node)?.restart()?;
        self.wait_until_ready()
    }

    fn node(&mut self, node: usize) -> Result<&mut Private<RedisProgram>, ServerError> {
        let missing = || ServerError::new(format!("the cluster has no node {node}"));
        self.nodes.get_mut(node).ok_or_else(missing)
    }

    /// Each node has a third of the slots, and says which of two that claim one is right.
    fn share_out_slots(&self) -> Result<(), ServerError> {
        const SLOTS: usize = 16384;
        for (node, port) in self.ports().into_iter().enumerate() {
            let first = node * SLOTS / Self::NODES;
            let end = (node + 1) * SLOTS / Self::NODES;
            let slots: Vec<String> = (first..end).map(|slot| slot.to_string()).collect();
            let mut command = vec!["CLUSTER", "ADDSLOTS"];
            command.extend(slots.iter().map(String::as_str));
            self.order(port, &command)?;
            self.order(port, &["CLUSTER", "SET-CONFIG-EPOCH", &(node + 1).to_string()])?;
        }
        Ok(())
    }

    fn introduce(&self) -> Result<(), ServerError> {
        let ports = self.ports();
        let Some((first, others)) = ports.split_first() else {
            return Ok(());
        };
        for other in others {
            self.order(*first, &["CLUSTER", "MEET", "127.0.0.1", &other.to_string()])?;
        }
        Ok(())
    }

    fn wait_until_ready(&self) -> Result<(), ServerError> {
        const LIMIT: Duration = Duration::from_secs(60);
        let is_ready = |port: u16| {
            let answer = redis_ask::ask(port, &self.password, &["CLUSTER", "INFO"]);
            let ready = ["cluster_state:ok", "cluster_known_nodes:3", "cluster_slots_ok:16384"];
            answer.is_ok_and(|info| ready.iter().all(|line| info.contains(line)))
        };
        let ports = self.ports();
        wait_until(LIMIT, || ports.iter().all(|&port| is_ready(port)).then_some(()))
            .ok_or_else(|| ServerError::new("the nodes of a Redis Cluster do not find each other"))
    }

    fn order(&self, port: u16, command: &[&str]) -> Result<(), ServerError> {
        let answer = redis_ask::ask(port, &self.password, command).and_then(|answer| {
            let refused = || io::Error::other(answer.clone());
            (answer == "+OK").then_some(()).ok_or_else(refused)
        });
        answer.map_err(|error| ServerError::io("setting up a Redis Cluster", &error))
    }
}
