//! The words services share: code, outcome, pushback, deadline, request id, trace id, clock.
