# As much of pkgsrc's framework as the recipe asks for when it installs.
PREFIX=		/usr/pkg
PKGMANDIR=	man
PKG_SYSCONFDIR=	/usr/pkg/etc
WRKDIR=		${STAND_IN_SRC}

stand-in:
	cd ${STAND_IN_SRC} && env ${MAKE_ENV} bmake -r ${MAKE_FLAGS} ${INSTALL_MAKE_FLAGS} DESTDIR=${STAND_IN_ROOT} install
	mkdir -p ${STAND_IN_ROOT}${PREFIX}/share/examples/rc.d
	for script in ${RCD_SCRIPTS}; do install -m 755 files/$$script.sh ${STAND_IN_ROOT}${PREFIX}/share/examples/rc.d/$$script; done
