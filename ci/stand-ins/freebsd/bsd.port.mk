# As much of FreeBSD's framework as the recipe asks for when it installs.
PREFIX=		/usr/local
STAGEDIR=	${STAND_IN_ROOT}
WRKDIR=		${STAND_IN_SRC}
MKDIR=		mkdir -p
INSTALL_SCRIPT=	install -m 555

stand-in: stand-in-install post-install
stand-in-install:
	cd ${STAND_IN_SRC} && env ${MAKE_ENV} bmake -r ${MAKE_ARGS} DESTDIR=${STAGEDIR} install
