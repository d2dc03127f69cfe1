//! What a database has on its disk before its first start. It takes seconds to make, so it is made once and kept
//! beside the programs.
use crate::world::{base, with};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

/// One at a time.
static MAKING: Mutex<()> = Mutex::new(());

/// The commands that make it: as little as there can be, since it is copied for each case.
fn recipe(name: &str) -> Option<&'static str> {
    match name {
        "postgresql" => Some(
            "mkdir -p /var/lib/postgresql/15/main
chown -R postgres /var/lib/postgresql || :
chpst -u postgres initdb --no-sync --wal-segsize=1 -A trust -E UTF8 --locale=C.UTF-8 -D /var/lib/postgresql/15/main
printf '%s\\n' 'jit = off' \"log_line_prefix = '%m [%p] '\" 'shared_buffers = 4MB' 'autovacuum = off' >>/var/lib/postgresql/15/main/postgresql.conf
tar -c -C /var/lib -f /tmp/data.tar postgresql",
        ),
        "mariadb" => Some(
            "mkdir -p /var/lib/mysql
ln -s mariadb.cnf /etc/mysql/my.cnf
chown mysql /var/lib/mysql || :
chpst -u mysql mariadb-install-db --force --skip-test-db --innodb-log-file-size=4M --auth-root-authentication-method=normal
tar -c -C /var/lib -f /tmp/data.tar mysql",
        ),
        _ => None,
    }
}

/// Where it is kept: what the programs see as `/usr/share/runit-tests/NAME.tar`.
fn kept(name: &str) -> PathBuf {
    base().join(format!("usr/share/runit-tests/{name}.tar"))
}

/// Makes it, if it is not there.
fn make(name: &str, script: &str) {
    let _one = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = kept(name);
    if path.exists() {
        return;
    }
    let world = with(&[]).bare();
    world.sh(&format!("set -e\n{script}"));
    fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
    let new = path.with_extension(format!("new-{}", std::process::id()));
    fs::copy(world.machine.path("/tmp/data.tar"), &new).expect("the data");
    fs::rename(&new, &path).expect("rename");
}

/// Commands that put everything in its place that the package of a service, or its administrator, would have made.
pub fn preparation(name: &str, alone: bool) -> String {
    if let Some(script) = recipe(name) {
        make(name, script);
        let how = if alone { "--no-same-owner" } else { "" };
        let unpack =
            format!("mkdir -p /var/lib; tar -x -C /var/lib {how} -f /usr/share/runit-tests/{name}.tar\n");
        let owner = match name {
            "mariadb" => "own -R mysql /var/lib/mysql\nln -s mariadb.cnf /etc/mysql/my.cnf\n",
            _ => "own -R postgres /var/lib/postgresql\n",
        };
        return unpack + owner;
    }
    let mut script = match name {
        "redis" => "mkdir -p /var/lib/redis; own redis /var/lib/redis\n",
        "php-fpm" => "mkdir -p /var/www\n",
        "haproxy" => {
            "mkdir -p /var/lib/haproxy
printf '%s\\n' 'frontend web' '	bind 127.0.0.1:8080' '	default_backend all' 'backend all' '	http-request return status 200 content-type text/plain string hello' >>/etc/haproxy/haproxy.cfg\n"
        }
        "nginx" => {
            "mkdir -p /var/log/nginx /var/lib/nginx /var/www
echo hello >/var/www/index.html
printf '%s\\n' 'server {' 'listen 127.0.0.1:80;' 'root /var/www;' '}' >/etc/nginx/sites-enabled/default\n"
        }
        "dbus" => "echo '<busconfig></busconfig>' >/etc/dbus-1/system-local.conf\n",
        "chrony" => {
            "mkdir -p /var/lib/chrony /var/log/chrony
echo 'cmdport 0' >/etc/chrony/chrony.conf
echo 'DAEMON_OPTS=\"-x -u root\"' >/etc/default/chrony\n"
        }
        _ => "",
    }
    .to_owned();
    if alone {
        script.push_str(match name {
            "php-fpm" => {
                "sed -i 's/^user = .*/user = root/; s/^group = .*/group = root/; /^listen.owner/d; /^listen.group/d' /etc/php/8.2/fpm/pool.d/www.conf
sed -i 's/php-fpm8.2/php-fpm8.2 --allow-to-run-as-root/' /etc/sv/php-fpm/run\n"
            }
            "haproxy" => "sed -i '/^.user/d; /^.group/d; /^.chroot/d' /etc/haproxy/haproxy.cfg\n",
            "nginx" => "sed -i 's/^user .*/user root;/' /etc/nginx/nginx.conf\n",
            "dbus" => {
                "sed '/<user>/d' /usr/share/dbus-1/system.conf >/etc/dbus-1/one.conf
sed -i 's,--system,--config-file=/etc/dbus-1/one.conf,' /etc/sv/dbus/run\n"
            }
            _ => "",
        });
    }
    script
}
