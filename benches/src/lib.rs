//! Every benchmark of the workspace, side by side with its peers.
