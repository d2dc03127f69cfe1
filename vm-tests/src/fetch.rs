//! The cache of the vendors' images: fetched with a program that can resume, kept only if the checksum
//! is right.
use crate::system::Image;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What was in the cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The file, as it should be.
    Right,
    /// A file with another checksum: damaged, cut off, or of another version.
    Wrong,
    /// Nothing, or a part of it.
    Nothing,
}

/// The checksum of a file.
///
/// # Errors
/// It cannot be read, or there is no sha256sum(1).
pub fn checksum(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let output = Command::new("sha256sum").stdin(file).output().map_err(|why| format!("sha256sum: {why}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.split_whitespace().next() {
        Some(sum) if output.status.success() => Ok(sum.to_owned()),
        _ => Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// The checksum that a file of this name has in a list, in the form of sha256sum(1) or in that of BSD.
#[must_use]
pub fn listed(list: &str, name: &str) -> Option<String> {
    let is_sum = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let separator = |sign: char| sign.is_whitespace() || "()*=".contains(sign);
    let lines: Vec<Vec<&str>> =
        list.lines().map(|line| line.split(separator).filter(|word| !word.is_empty()).collect()).collect();
    let named = lines.iter().find(|words| words.contains(&name));
    // The list of one file may be nothing but its checksum.
    let line = named.or_else(|| lines.first().filter(|words| lines.len() == 1 && words.len() == 1))?;
    line.iter().copied().find(is_sum).map(|sum| sum.to_lowercase())
}

/// Looks into the cache.
#[must_use]
pub fn look(image: &Image, dir: &Path) -> Found {
    let path = dir.join(&image.name);
    match (&image.checksum, checksum(&path)) {
        (_, Err(_)) => Found::Nothing,
        (None, Ok(_)) => Found::Right,
        (Some(wanted), Ok(sum)) if *wanted == sum => Found::Right,
        (Some(_), Ok(_)) => Found::Wrong,
    }
}

/// Gets a file into the cache, unless it is there. What was fetched in part before is completed. A
/// packed file is unpacked beside it.
///
/// # Errors
/// Why not, and what can be done by hand.
pub fn fetch(image: &Image, dir: &Path, tell: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
    fs::create_dir_all(dir).map_err(|why| format!("{}: {why}", dir.display()))?;
    let path = dir.join(&image.name);
    let mut known = image.clone();
    if let (None, Some(list)) = (&image.checksum, &image.list) {
        let sums = dir.join(format!("{}.sums", image.name));
        if !path.exists() || !sums.exists() {
            let _ = fs::remove_file(&sums);
            transfer(list, &sums).map_err(|why| {
                format!(
                    "{why}\nfetch {} and {list} on another machine and put them there: {}, {}",
                    image.url,
                    path.display(),
                    sums.display()
                )
            })?;
        }
        let text = fs::read_to_string(&sums).map_err(|why| format!("{}: {why}", sums.display()))?;
        let sum = listed(&text, &image.name);
        if sum.is_none() {
            let _ = fs::remove_file(&sums);
        }
        known.checksum = Some(sum.ok_or_else(|| format!("{list}: does not name {}", image.name))?);
    }
    let image = &known;
    match look(image, dir) {
        Found::Right => {
            tell(&format!("{} is there", path.display()));
            return unpacked(&path);
        }
        Found::Wrong => {
            tell(&format!("{} has the wrong checksum: it is fetched again", path.display()));
            fs::remove_file(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Found::Nothing => {}
    }
    let part = dir.join(format!("{}.part", image.name));
    let resumed = part.exists();
    let by_hand = |why: String| {
        format!("{why}\nfetch {} on another machine and put it there: {}", image.url, path.display())
    };
    let mut tries = if resumed { 2 } else { 1 };
    loop {
        tries -= 1;
        tell(&format!("{} from {}", if part.exists() { "the rest" } else { "all" }, image.url));
        transfer(&image.url, &part).map_err(by_hand)?;
        let sum = checksum(&part)?;
        match &image.checksum {
            Some(wanted) if *wanted != sum => {
                fs::remove_file(&part).map_err(|why| format!("{}: {why}", part.display()))?;
                if tries == 0 {
                    return Err(by_hand(format!("{}: the checksum is {sum}, not {wanted}", image.url)));
                }
                tell("what was there before did not fit: all of it again");
            }
            Some(_) => break,
            None => {
                tell(&format!("nobody has noted its checksum; it is {sum}"));
                break;
            }
        }
    }
    fs::rename(&part, &path).map_err(|why| format!("{}: {why}", path.display()))?;
    unpacked(&path)
}

/// Lets curl or wget do it, with their progress bars.
fn transfer(url: &str, part: &Path) -> Result<(), String> {
    let have =
        |name: &str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let mut command;
    if have("curl") {
        command = Command::new("curl");
        command.args([
            "--fail",
            "--location",
            "--progress-bar",
            "--retry",
            "3",
            "--continue-at",
            "-",
            "--output",
        ]);
        command.arg(part).arg(url);
    } else if have("wget") {
        command = Command::new("wget");
        command.args(["--continue", "--no-verbose", "--show-progress", "-O"]).arg(part).arg(url);
    } else {
        return Err("needs curl or wget".into());
    }
    let status = command.status().map_err(|why| why.to_string())?;
    // Of a file that is there as a whole, servers say that there is no such part (416); curl: 22, 33.
    if status.success()
        || matches!(status.code(), Some(22 | 33)) && part.exists() && command.get_program() == "curl"
    {
        return Ok(());
    }
    Err(format!("{url}: {} failed ({status})", command.get_program().to_string_lossy()))
}

fn unpacked(path: &Path) -> Result<PathBuf, String> {
    let tool = match path.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => "xz",
        Some("gz") => "gzip",
        Some("zst") => "zstd",
        _ => return Ok(path.to_owned()),
    };
    let plain = path.with_extension("");
    if plain.exists() {
        return Ok(plain);
    }
    let new = path.with_extension("new");
    let output = File::create(&new).map_err(|why| format!("{}: {why}", new.display()))?;
    let status = Command::new(tool).args(["-d", "-c"]).arg(path).stdout(output).status();
    if !status.is_ok_and(|status| status.success()) {
        let _ = fs::remove_file(&new);
        return Err(format!("{}: {tool} cannot unpack it", path.display()));
    }
    fs::rename(&new, &plain).map_err(|why| format!("{}: {why}", plain.display()))?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runit_tests::place::Place;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};
    use std::thread;

    /// A server of one file that can serve the rest of it, and cuts the first answer off if asked to.
    fn serve(content: Vec<u8>, cut: Option<usize>) -> (String, Arc<Mutex<Vec<usize>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/image", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<usize>>> = Arc::default();
        let note = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                let mut from = 0;
                for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
                    if let Some(rest) = line.to_lowercase().strip_prefix("range: bytes=") {
                        from = rest.trim_end_matches('-').parse().unwrap_or(0);
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                let first = note.lock().unwrap().is_empty();
                note.lock().unwrap().push(from);
                if from >= content.len() {
                    let _ = stream
                        .write_all(b"HTTP/1.1 416 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    continue;
                }
                let body = &content[from..];
                let status = if from == 0 { "200 OK".to_owned() } else { "206 Partial Content".to_owned() };
                let range =
                    format!("Content-Range: bytes {from}-{}/{}\r\n", content.len() - 1, content.len());
                let head = format!(
                    "HTTP/1.1 {status}\r\n{range}Content-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let end = cut.filter(|_| first).unwrap_or(body.len()).min(body.len());
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body[..end]));
            }
        });
        (url, asked)
    }

    fn content() -> Vec<u8> {
        (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
    }

    fn content_checksum() -> String {
        let place = Place::new();
        fs::write(place.path("content"), content()).unwrap();
        checksum(&place.path("content")).unwrap()
    }

    #[test]
    fn known_checksum() {
        let place = Place::new();
        fs::write(place.path("abc"), "abc").unwrap();
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(checksum(&place.path("abc")).as_deref(), Ok(sum));
        assert!(checksum(place.root()).is_err(), "a directory has none");
    }

    fn image(url: String) -> Image {
        Image { name: "disc.img".into(), url, checksum: Some(content_checksum()), list: None }
    }

    fn have_client() -> bool {
        let have = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
        if !have {
            eprintln!("skipped: no curl");
        }
        have
    }

    fn get(image: &Image, dir: &Path) -> (Result<PathBuf, String>, Vec<String>) {
        let mut said = Vec::new();
        let result = fetch(image, dir, &mut |text| said.push(text.to_owned()));
        (result, said)
    }

    #[test]
    fn fetched_once() {
        if !have_client() {
            return;
        }
        let place = Place::new();
        let (url, asked) = serve(content(), None);
        let image = image(url);
        assert_eq!(look(&image, place.root()), Found::Nothing);
        let path = get(&image, place.root()).0.unwrap();
        assert_eq!(fs::read(path).unwrap(), content());
        let (again, said) = get(&image, place.root());
        assert!(again.is_ok() && said[0].ends_with("is there"));
        assert_eq!(*asked.lock().unwrap(), [0]);
    }

    #[test]
    fn a_damaged_or_truncated_file_is_fetched_again() {
        if !have_client() {
            return;
        }
        for bad in [content()[..1000].to_vec(), vec![7; content().len()]] {
            let place = Place::new();
            let (url, _) = serve(content(), None);
            let image = image(url);
            place.file("disc.img", bad);
            assert_eq!(look(&image, place.root()), Found::Wrong);
            let (path, said) = get(&image, place.root());
            assert!(said[0].contains("wrong checksum"));
            assert_eq!(fs::read(path.unwrap()).unwrap(), content());
        }
    }

    #[test]
    fn an_interrupted_one_is_resumed() {
        if !have_client() {
            return;
        }
        let place = Place::new();
        let (url, asked) = serve(content(), None);
        place.file("disc.img.part", &content()[..300_000]);
        let path = get(&image(url), place.root()).0.unwrap();
        assert_eq!(fs::read(path).unwrap(), content());
        assert_eq!(*asked.lock().unwrap(), [300_000]);
        assert!(!place.path("disc.img.part").exists());
        // Interrupted between the last byte and the new name.
        let place = Place::new();
        let (url, _) = serve(content(), None);
        place.file("disc.img.part", content());
        assert!(get(&image(url), place.root()).0.is_ok());
    }

    #[test]
    fn a_part_of_something_else_is_not_kept() {
        if !have_client() {
            return;
        }
        let place = Place::new();
        let (url, asked) = serve(content(), None);
        place.file("disc.img.part", vec![9; 5000]);
        let (path, said) = get(&image(url), place.root());
        assert_eq!(fs::read(path.unwrap()).unwrap(), content(), "{said:?}");
        assert_eq!(*asked.lock().unwrap(), [5000, 0]);
    }

    #[test]
    fn what_cannot_be_had_is_told() {
        if !have_client() {
            return;
        }
        let place = Place::new();
        let (url, _) = serve(b"another version".to_vec(), None);
        let why = get(&image(url), place.root()).0.unwrap_err();
        assert!(why.contains("the checksum is") && why.contains("put it there: "), "{why}");
        assert!(fs::read_dir(place.root()).unwrap().next().is_none(), "nothing is left");
        let nobody = image("http://127.0.0.1:9/image".into());
        assert!(get(&nobody, place.root()).0.unwrap_err().contains("put it there"));
    }

    #[test]
    fn lists_of_checksums() {
        let sum = "ab".repeat(32);
        let other = "cd".repeat(32);
        for list in [
            format!("{other}  x.img\n{sum} *disc.img\n"),
            format!("SHA256 (x.img) = {other}\nSHA256 (disc.img) = {sum}\n"),
            format!("{}\n", sum.to_uppercase()),
        ] {
            assert_eq!(listed(&list, "disc.img"), Some(sum.clone()), "{list}");
        }
        assert_eq!(listed(&format!("{other}  x.img\n"), "disc.img"), None);
        assert_eq!(listed("abc  disc.img\n", "disc.img"), None);
        if !have_client() {
            return;
        }
        let place = Place::new();
        let right = content_checksum();
        let (list, _) = serve(format!("{right}  disc.img\n").into_bytes(), None);
        let (url, _) = serve(content(), None);
        let image = Image { name: "disc.img".into(), url, checksum: None, list: Some(list) };
        let (path, said) = get(&image, place.root());
        assert_eq!(fs::read(path.unwrap()).unwrap(), content(), "{said:?}");
        // A second time without the servers' lists, and after damage.
        assert!(get(&image, place.root()).1[0].ends_with("is there"));
        place.file("disc.img", "damaged");
        assert!(get(&image, place.root()).1[0].contains("wrong checksum"));
    }

    #[test]
    fn packed_files_are_unpacked() {
        let place = Place::new();
        let plain = place.file("disc.img", "hello");
        let packed = place.run(place.command("gzip").arg(&plain));
        assert_eq!(packed.code, Some(0));
        let image = Image {
            name: "disc.img.gz".into(),
            url: "http://127.0.0.1:9/".into(),
            checksum: None,
            list: None,
        };
        assert_eq!(get(&image, place.root()).0, Ok(plain));
        assert_eq!(place.text("disc.img"), "hello");
    }
}
