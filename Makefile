# What people and packages call; POSIX make. The work is done by cargo and by the scripts in ci/.
.POSIX:

# Fixed in the programs when they are built; see README.md.
RUNIT_SVDIR = /service
RUNIT_SERVICES = /etc/sv
RUNIT_ETC = /etc/runit
RUNIT_PATH = /sbin/runit
RUNIT_STOPIT = $(RUNIT_ETC)/stopit
RUNIT_REBOOT = $(RUNIT_ETC)/reboot

# Where `make install` puts things: process 1 must be there before anything is mounted.
PREFIX = /usr/local
SBINDIR = /sbin
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
SHAREDIR = $(PREFIX)/share
DESTDIR =
# The directory of etc/ with this system's stages, logins and ways to run under its own init.
SYSTEM = $$(uname -s | tr '[:upper:]' '[:lower:]' | sed 's/darwin/macos/; s/sunos/solaris/; s/dragonfly/freebsd/')
# The directory with the built programs: target/made after `make`, target/static after `make static`,
# target/release after `make dynamic`.
BUILT = target/made

PATHS = RUNIT_SVDIR='$(RUNIT_SVDIR)' RUNIT_SERVICES='$(RUNIT_SERVICES)' RUNIT_ETC='$(RUNIT_ETC)' RUNIT_PATH='$(RUNIT_PATH)' \
	RUNIT_STOPIT='$(RUNIT_STOPIT)' RUNIT_REBOOT='$(RUNIT_REBOOT)'
# Which programs there are: ci/programs.tsv.
RESIDENT = $$(ci/programs resident)
COMMANDS = $$(ci/programs command)
# The other names of chpst. None is installed by default, as upstream does: they are also the names of
# programs of daemontools. All of them: make install ALIASES='$(NAMES)'
NAMES = envdir envuidgid pgrphack setlock setuidgid softlimit
ALIASES =
# The build-time places, in manuals and completions.
FILL = sed -e 's|@SVDIR@|$(RUNIT_SVDIR)|g; s|@SERVICES@|$(RUNIT_SERVICES)|g; s|@ETC@|$(RUNIT_ETC)|g; s|@RUNIT@|$(RUNIT_PATH)|g' \
	-e 's|@STOPIT@|$(RUNIT_STOPIT)|g; s|@REBOOT@|$(RUNIT_REBOOT)|g'
# The same in the examples, which run as they stand and so have the default places written out. It is a
# place where no name goes on before or behind it.
ARRANGE = sed -e 's|\([^[:alnum:]_.<]\)/service\([^[:alnum:]_.-]\)|\1$(RUNIT_SVDIR)\2|g; s|\([^[:alnum:]_.<]\)/service$$|\1$(RUNIT_SVDIR)|' \
	-e 's|/etc/runit\([^[:alnum:]_.-]\)|$(RUNIT_ETC)\1|g; s|/etc/runit$$|$(RUNIT_ETC)|; s|/usr/local/bin/|$(BINDIR)/|g'

# Programs need no library where that can be had without asking for anything, which starts faster: the resident
# ones on x86_64 Linux with glibc's Rust, the commands where Rust also has its library for musl, or there is a musl-gcc. Else
# they are linked as usual.
all: dynamic
	rm -rf target/made && mkdir -p target/made
	for name in $$(ci/programs); do cp "target/release/$$name" target/made/ || exit 1; done
	$(PATHS) ci/static own && code=0 || code=$$?; \
		case $$code in 0) for name in $(RESIDENT); do cp "target/static/$$name" target/made/ || exit 1; done ;; 3) ;; *) exit $$code ;; esac
	$(PATHS) ci/static-commands && code=0 || code=$$?; \
		case $$code in 0) cp target/static-commands/* target/made/ ;; 3) ;; *) exit $$code ;; esac

dynamic:
	$(PATHS) cargo build --release --bins

static: dynamic
	$(PATHS) ci/static
	for name in $(COMMANDS); do cp "target/release/$$name" target/static/ || exit 1; done

demo:
	@cargo run -q -p runit-tests --bin demo

check:
	@ci/check quick

check-all:
	@ci/check all

# All scenarios on the machines that can be made of Debian's packages.
check-vm:
	@ci/check all vm vm-c vm-killed vm-packages vm-typed vm-aarch64

bench: all
	@ci/c-runit
	@cargo run -q --release -p benches -- --ours target/made --against target/c-runit/2.3.1 --against target/release

install:
	mkdir -p '$(DESTDIR)$(SBINDIR)' '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man8' \
		'$(DESTDIR)$(SHAREDIR)/bash-completion/completions' '$(DESTDIR)$(SHAREDIR)/zsh/site-functions' \
		'$(DESTDIR)$(SHAREDIR)/fish/vendor_completions.d' '$(DESTDIR)$(SHAREDIR)/examples/runit'
	for name in $$(ci/programs sbin); do install -m 755 "$(BUILT)/$$name" '$(DESTDIR)$(SBINDIR)' || exit 1; done
	for name in $$(ci/programs bin); do install -m 755 "$(BUILT)/$$name" '$(DESTDIR)$(BINDIR)' || exit 1; done
	for name in $(ALIASES); do \
		ln -sf chpst '$(DESTDIR)$(BINDIR)/'"$$name" && \
		ln -sf chpst '$(DESTDIR)$(SHAREDIR)/bash-completion/completions/'"$$name" || exit 1; \
	done
	for page in man/*.8; do \
		name=$${page##*/}; name=$${name%.8}; \
		case ' $(NAMES) ' in *" $$name "*) case ' $(ALIASES) ' in *" $$name "*) ;; *) continue ;; esac ;; esac; \
		$(FILL) "$$page" >'$(DESTDIR)$(MANDIR)/man8/'"$$name.8" || exit 1; \
	done
	for name in sv svlogd chpst runsvchdir; do \
		$(FILL) "etc/completions/$$name.bash" >'$(DESTDIR)$(SHAREDIR)/bash-completion/completions/'"$$name" && \
		$(FILL) "etc/completions/_$$name" >'$(DESTDIR)$(SHAREDIR)/zsh/site-functions/'"_$$name" && \
		$(FILL) "etc/completions/$$name.fish" >'$(DESTDIR)$(SHAREDIR)/fish/vendor_completions.d/'"$$name.fish" || exit 1; \
	done
	cp -R etc/container etc/migrate '$(DESTDIR)$(SHAREDIR)/examples/runit/'
	system=$(SYSTEM) && cp -R "etc/$$system" '$(DESTDIR)$(SHAREDIR)/examples/runit/' && \
		cd "etc/$$system" && find . -type f | while read -r file; do \
			$(ARRANGE) "$$file" >'$(DESTDIR)$(SHAREDIR)/examples/runit/'"$$system/$$file" || exit 1; \
		done

# The files of a release, into target/dist; see docs/releasing.md.
dist:
	@ci/dist

# A home page of the documents and manual pages, into target/site.
site:
	@ci/setup site
	@ci/site make
	@ci/site check

clean:
	cargo clean

.PHONY: dist site all dynamic static demo check check-all check-vm bench install clean
