# @ECLASS: rust.eclass
# @MAINTAINER:
# nobody <nobody@example.invalid>
# @SUPPORTED_EAPIS: 8
# @BLURB: as much of Gentoo's as the recipe asks for

# @ECLASS_VARIABLE: RUST_MIN_VER
# @DEFAULT_UNSET
# @DESCRIPTION:
# The oldest Rust that will do.
