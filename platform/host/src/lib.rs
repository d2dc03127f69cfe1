//! The system as the commands see it: with std, on top of nix.
