//! The reference service `orders` and its payment simulator.
