# With nixpkgs: pkgs.callPackage ./package.nix { }
{
  lib,
  stdenv,
  fetchurl,
  cargo,
  rustc,
  serviceDir ? "@RUNIT_SVDIR@",
  availableDir ? "@RUNIT_SERVICES@",
  etcDir ? "@RUNIT_ETC@",
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "@name@";
  version = "@version@";

  # The archive has the crates in it: no cargoHash.
  src = fetchurl {
    url = "@site@/releases/@name@-${finalAttrs.version}-vendored.tar.gz";
    sha256 = "@sha256@";
  };

  nativeBuildInputs = [
    cargo
    rustc
  ];

  makeFlags = [
    "RUNIT_SVDIR=${serviceDir}"
    "RUNIT_SERVICES=${availableDir}"
    "RUNIT_ETC=${etcDir}"
    "RUNIT_PATH=${placeholder "out"}/bin/runit"
  ];
  preBuild = "export CARGO_HOME=$PWD/.cargo-home";
  buildFlags = [ "dynamic" ];

  installFlags = [
    "PREFIX=${placeholder "out"}"
    "SBINDIR=${placeholder "out"}/bin"
    "BINDIR=${placeholder "out"}/bin"
    "MANDIR=${placeholder "out"}/share/man"
    "BUILT=target/release"
    "SYSTEM=${if stdenv.hostPlatform.isDarwin then "macos" else "linux"}"
  ];
  # The examples keep the interpreters that they name.
  dontPatchShebangs = true;

  meta = {
    description = "@description@";
    homepage = "@site@/";
    license = lib.licenses.bsd3;
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
    mainProgram = "sv";
  };
})
