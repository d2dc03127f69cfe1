# As much of OpenBSD's framework as the recipe asks for when it installs.
TRUEPREFIX=	/usr/local
WRKINST=	${STAND_IN_ROOT}
WRKDIR=		${STAND_IN_SRC}
WRKSRC=		${STAND_IN_SRC}
SETENV=		env
MAKE_PROGRAM=	bmake -r

# Scripts of rc.d that lie beside the file list are installed by the framework.
stand-in: do-install
	mkdir -p ${WRKINST}/etc/rc.d
	install -m 555 pkg/runsvdir.rc ${WRKINST}/etc/rc.d/runsvdir
