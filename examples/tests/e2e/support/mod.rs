//! What the end-to-end tests share.

mod api;
mod database;
mod gateway;
mod grpc;
mod problem;
mod process;
mod seen;
mod service;
mod setup;
mod wait;

pub(crate) use api::{Api, new_order};
pub(crate) use database::Database;
pub(crate) use gateway::{Gateway, Simulator};
pub(crate) use grpc::{assert_status, keyed, order_message, with_metadata};
pub(crate) use problem::{Fault, assert_problem};
pub(crate) use process::{Process, output_of};
pub(crate) use seen::{Seen, assert_replays, assert_same};
pub(crate) use service::Service;
pub(crate) use setup::{Setup, on_each_store};
pub(crate) use wait::eventually;

/// Makes a test of each function that takes a [`Database`], once for each kind of database.
macro_rules! on_each_database {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::support::Database::sqlite()).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::support::Database::postgres()).await;
            })+
        }
    };
}

pub(crate) use on_each_database;
