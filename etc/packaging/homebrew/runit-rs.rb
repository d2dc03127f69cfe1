class RunitRs < Formula
  desc "@description@"
  homepage "@site@/"
  url "@site@/releases/@vendored@"
  version "@version@"
  sha256 "@sha256@"
  license "BSD-3-Clause"

  depends_on "rust" => :build

  conflicts_with "runit", because: "both install the same programs"

  def places
    ["RUNIT_SVDIR=#{var}/service", "RUNIT_SERVICES=#{etc}/sv", "RUNIT_ETC=#{etc}/runit", "RUNIT_PATH=#{opt_bin}/runit"]
  end

  def install
    # The archive has the crates in it.
    ENV["CARGO_HOME"] = "#{buildpath}/.cargo-home"
    system "make", "dynamic", *places
    system "make", "install", *places, "PREFIX=#{prefix}", "SBINDIR=#{bin}", "BINDIR=#{bin}",
           "MANDIR=#{man}", "BUILT=target/release", "SYSTEM=#{OS.mac? ? "macos" : "linux"}"
  end

  def post_install
    (var/"service").mkpath
  end

  service do
    run [opt_bin/"runsvdir", "-P", var/"service"]
    keep_alive true
  end

  test do
    (testpath/"service/hello").mkpath
    (testpath/"service/hello/run").write "#!/bin/sh\nexec sleep 100\n"
    chmod 0755, testpath/"service/hello/run"
    supervisor = spawn bin/"runsvdir", testpath/"service"
    sleep 2
    assert_match "run: hello", shell_output("SVDIR=#{testpath}/service #{bin}/sv start hello")
    Process.kill "HUP", supervisor
    Process.wait supervisor
  end
end
