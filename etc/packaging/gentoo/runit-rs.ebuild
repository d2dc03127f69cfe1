# Copyright @year@ the runit-rs authors
# Distributed under the terms of the BSD-3-Clause licence

EAPI=8

RUST_MIN_VER="@rust@.0"
inherit rust

DESCRIPTION="@description@"
HOMEPAGE="@site@/"
SRC_URI="@site@/releases/${P}-vendored.tar.gz"

# MIT: the crates that are linked into the programs.
LICENSE="BSD MIT"
SLOT="0"
KEYWORDS="~amd64 ~arm64 ~riscv"

RDEPEND="!sys-process/runit"

# Stripped already; the five that run for ever need no library and have no place for more.
QA_PRESTRIPPED="sbin/.* usr/bin/.*"
QA_FLAGS_IGNORED="sbin/.* usr/bin/.*"
RESTRICT="test"

PLACES=(
	@place_lines@
)

src_compile() {
	# The archive has the crates in it.
	export CARGO_HOME="${T}/cargo"
	emake "${PLACES[@]}"
}

src_install() {
	emake install "${PLACES[@]}" DESTDIR="${D}" BUILT=target/made \
		@install@
	newinitd "${ED}"/usr/share/examples/runit/linux/init/runsvdir.openrc runsvdir
	insinto /lib/systemd/system
	doins "${ED}"/usr/share/examples/runit/linux/init/runsvdir.service
}

pkg_postinst() {
	elog "Services belong into @RUNIT_SVDIR@. To supervise them below the present init:"
	elog "  rc-update add runsvdir default   or   systemctl enable --now runsvdir"
	elog "To replace init: ${EROOT}/usr/share/examples/runit/linux/README.md"
}
