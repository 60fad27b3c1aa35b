//! Private servers for the tests of this workspace.
