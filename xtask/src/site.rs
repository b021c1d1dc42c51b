//! Lays a built site out for publishing: what never changes gets names that carry a hash of what is in them, so that
//! every cache may keep it for ever and files of two versions are never taken for each other; each file that gains by it
//! has a compressed form beside it. All of it follows from the files of one directory, byte for byte.
//!
//!     index.html  embed.html  embed.js  sw.js  _headers  files/  recorded/  examples/  npm/
//!                                              keep their addresses and are asked for anew each time
//!     worker-HASH.js                           beside the page, so that what runs in a worker finds what is there
//!     site-HASH/                               the page and the engines, and files.json, which lists what is kept for
//!                                              opening the page without its host
//!     python-HASH/                             Python, so that a new page does not fetch it again
//!
//! The page names the three in `<meta name="interleave-files">`; see `www/start.js` and `www/sw.js`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// What keeps its address beside the pages and what they fetch by name: a browser, a host or somebody else's page knows it.
const LASTING: [&str; 3] = ["sw.js", "embed.js", "_headers"];
/// What a visitor's programs fetch, by the addresses that they say.
const FILES: &str = "files/";
/// What else has addresses that others know: recorded runs, which posts show, posts to look at, and what bundlers take.
const FOLDERS: [&str; 4] = [FILES, "recorded/", "examples/", PACKAGE];
const PACKAGE: &str = "npm/";
const WORKER: &str = "worker.js";
/// The page's program, as its document loads it.
const PROGRAM: &str = "interleave.js";
const PYTHON: &str = "python/";
/// By which a folder is known for a site's; see also `www/sw.js`.
const SITE: &str = "site-";
const LIST: &str = "files.json";
const FOR_EVER: &str = "Cache-Control: public, max-age=31536000, immutable";
const COMPRESSED: [&str; 2] = ["br", "gz"];

/// Lays the site in `from` out in `to`, which is empty or not there. Its page names `base_url` as its address, if there
/// is one.
pub fn lay_out(from: &Path, to: &Path, base_url: Option<&str>) -> Result<()> {
    let files = files_in(from)?;
    let is_page = |name: &str| name.ends_with(".html") && !name.contains('/');
    let lasts =
        |name: &str| is_page(name) || LASTING.contains(&name) || FOLDERS.iter().any(|folder| name.starts_with(folder));
    let (python, page): (Vec<_>, Vec<_>) =
        files.iter().filter(|name| !lasts(name)).partition(|name| name.starts_with(PYTHON));
    let hash = hash_of(from, &page)?;
    let mut places = BTreeMap::new();
    let (site, worker) = (format!("{SITE}{hash}/"), format!("worker-{hash}.js"));
    for name in page {
        let place = if name == WORKER { worker.clone() } else { format!("{site}{name}") };
        places.insert(name.clone(), place);
    }
    let mut names = vec![site.clone(), worker];
    if !python.is_empty() {
        let folder = format!("python-{}/", hash_of(from, &python)?);
        places.extend(python.into_iter().map(|name| (name.clone(), name.replacen(PYTHON, &folder, 1))));
        names.push(folder);
    }
    for (name, place) in &places {
        carry(&from.join(name), &to.join(place))?;
    }
    let mut kept: Vec<&str> =
        places.values().filter(|place| !place.starts_with("python-")).map(String::as_str).collect();
    for name in files.iter().filter(|name| lasts(name)) {
        let target = to.join(name);
        if is_page(name) {
            let page = fs::read_to_string(from.join(name)).with_context(|| format!("{name} cannot be read"))?;
            let program = fs::read_to_string(from.join(PROGRAM)).unwrap_or_default();
            let base_url = base_url.filter(|_| name == "index.html");
            write(&target, &published(&with_modules_of(&program, &page), &places, &names, base_url))?;
        } else if name == "_headers" {
            let headers = fs::read_to_string(from.join(name)).with_context(|| format!("{name} cannot be read"))?;
            write(&target, &with_caching(&headers, &names))?;
        } else {
            carry(&from.join(name), &target)?;
        }
        if name.starts_with(FILES) || name == "embed.js" || is_page(name) && name != "index.html" {
            kept.push(name);
        }
    }
    kept.sort_unstable();
    let list = serde_json::to_string_pretty(&kept).context("the list of files cannot be written")?;
    write(&to.join(&site).join(LIST), &list)?;
    compress(to)
}

/// Whether this is what [`lay_out`] made.
pub fn is_laid_out(directory: &Path) -> bool {
    page_folder(directory).is_some() && directory.join("sw.js").is_file()
}

/// The folder of a laid out site that its page is in.
fn page_folder(directory: &Path) -> Option<PathBuf> {
    folders(directory, SITE).next()
}

/// The folders that hold what a browser loads.
pub fn loaded(directory: &Path) -> Vec<PathBuf> {
    folders(directory, SITE).chain(folders(directory, "python-")).chain([directory.to_owned()]).collect()
}

fn folders(directory: &Path, start: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(move |entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
}

/// The page with its files' places, and with what names them for its scripts.
fn published(page: &str, places: &BTreeMap<String, String>, names: &[String], base_url: Option<&str>) -> String {
    let mut text = page.to_owned();
    for (name, place) in places {
        for attribute in ["href", "src"] {
            for dot in ["", "./"] {
                text = text.replace(&format!("{attribute}=\"{dot}{name}\""), &format!("{attribute}=\"{place}\""));
            }
        }
    }
    let mut head = format!("  <meta name=\"interleave-files\" content=\"{}\" />\n", names.join(" "));
    if let Some(url) = base_url {
        head.push_str(&format!("  <link rel=\"canonical\" href=\"{url}\" />\n"));
        head.push_str(&format!("  <meta property=\"og:url\" content=\"{url}\" />\n"));
    }
    text.replacen("</head>", &format!("\n{head}  </head>"), 1)
}

/// Trunk names modules to be loaded beforehand in any order, and those of workers too if they are there early enough. Left
/// are those that the page's program imports, in order.
fn with_modules_of(program: &str, page: &str) -> String {
    const LINK: &str = "<link rel=\"modulepreload\"";
    let Some(start) = page.find(LINK) else { return page.to_owned() };
    let mut links = Vec::new();
    let mut rest = &page[start..];
    while let (true, Some(end)) = (rest.starts_with(LINK), rest.find('>')) {
        let link = &rest[..=end];
        let module = link.split("href=\"").nth(1).and_then(|link| link.split('"').next()).unwrap_or_default();
        if module.trim_start_matches("./") == PROGRAM || program.contains(module) {
            links.push(link);
        }
        rest = &rest[end + 1..];
    }
    links.sort_unstable();
    format!("{}{}{rest}", &page[..start], links.concat())
}

/// The address that `--base-url` names, as it may stand in a page.
pub fn base_url(text: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%".contains(c);
    let is_address = ["https://", "http://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if !is_address || !text.chars().all(is_plain) {
        bail!(
            "--base-url takes the address of the folder that the site is in, like https://example.org/play/, not '{text}'."
        );
    }
    Ok(format!("{}/", text.trim_end_matches('/')))
}

/// Hosts that read `_headers` join what several rules say of one file, so only what differs from their own rule, to ask
/// each time, is said.
fn with_caching(headers: &str, names: &[String]) -> String {
    let mut text = headers.to_owned();
    for name in names {
        let all = if name.ends_with('/') { "*" } else { "" };
        text.push_str(&format!("/{name}{all}\n  {FOR_EVER}\n"));
    }
    text
}

/// All files below a directory, by their names from there, in order; without the compressed forms of others.
fn files_in(directory: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if !is_compressed_form(&path) {
                let name = path.strip_prefix(directory)?.to_str().context("a file's name is no text")?;
                all.push(name.replace('\\', "/"));
            }
        }
    }
    all.sort();
    Ok(all)
}

fn is_compressed_form(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| COMPRESSED.contains(&extension)) && path.with_extension("").is_file()
}

/// A short name for what is in files, and for what they are called.
fn hash_of(directory: &Path, names: &[&String]) -> Result<String> {
    let mut hasher = Sha256::new();
    for name in names {
        let path = directory.join(name);
        let content = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        for part in [name.as_bytes(), &content] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    Ok(hex(&hasher.finalize()[..8]))
}

/// What a file's bytes come to, in hexadecimal digits.
pub fn digest(path: &Path) -> Result<String> {
    let content = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(hex(&Sha256::digest(content)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    make_room_for(path)?;
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn make_room_for(path: &Path) -> Result<()> {
    let parent = path.parent().context("a file is in no directory")?;
    fs::create_dir_all(parent).with_context(|| format!("{} cannot be created", parent.display()))
}

/// Copies a file, and its compressed forms as far as there are any.
fn carry(from: &Path, to: &Path) -> Result<()> {
    make_room_for(to)?;
    fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    for form in COMPRESSED {
        let (from, to) = (compressed(from, form), compressed(to, form));
        if from.is_file() {
            fs::copy(&from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
        }
    }
    Ok(())
}

/// The compressed form of a file.
pub fn compressed(path: &Path, form: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(form);
    name.into()
}

/// Puts compressed forms beside all files below a directory that gain by it and have none yet.
pub fn compress(directory: &Path) -> Result<()> {
    for name in files_in(directory)? {
        // Which are for a host and for bundlers, and not for browsers.
        if name == "_headers" || name.starts_with(PACKAGE) {
            continue;
        }
        let path = directory.join(name);
        for form in COMPRESSED {
            let target = compressed(&path, form);
            if target.is_file() {
                continue;
            }
            let content = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let bytes = if form == "br" { brotli_of(&content)? } else { gzip_of(&content)? };
            if bytes.len() < content.len() {
                fs::write(&target, bytes).with_context(|| format!("{} cannot be written", target.display()))?;
            }
        }
    }
    Ok(())
}

/// In blocks of 64 KB, which makes WebAssembly smaller by up to 2 ‰ than the encoder's own choice.
pub fn brotli_of(content: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        lgblock: 16,
        size_hint: content.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &content[..], &mut bytes, &parameters).context("brotli failed")?;
    Ok(bytes)
}

/// Without a time, so that the same file gives the same bytes.
fn gzip_of(content: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content).context("gzip failed")?;
    gzip.finish().context("gzip failed")
}

/// Packs a directory: the same files give the same bytes, whenever and by whomever they are packed. `time`, in seconds of
/// Unix, is when all of them were changed last: hosts tell versions of a file apart by it.
pub fn archive(directory: &Path, folder: &str, time: u64, file: &Path) -> Result<()> {
    let mut names: Vec<String> = Vec::new();
    for name in files_in(directory)? {
        let forms = COMPRESSED.map(|form| format!("{name}.{form}"));
        names.extend(forms.into_iter().filter(|form| directory.join(form).is_file()));
        names.push(name);
    }
    names.sort();
    let target = File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
    // Which system packed it, a header without one does not say either.
    let mut archive = tar::Builder::new(GzBuilder::new().write(target, Compression::best()));
    for name in names {
        let content = fs::read(directory.join(&name)).with_context(|| format!("{name} cannot be read"))?;
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        archive
            .append_data(&mut header, format!("{folder}/{name}"), &content[..])
            .with_context(|| format!("{name} cannot be packed"))?;
    }
    archive.into_inner()?.finish().with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<head><link rel="stylesheet" href="styles/page.css" /><script src="start.js"></script>
<link rel="modulepreload" href="./interleave.js"><link rel="modulepreload" href="./b.js"><link rel="modulepreload" href="./worker.js"><link rel="modulepreload" href="./a.js"></head><body><a href="?lesson=race">start.js</a></body>"#;

    /// A directory of this test's own with a small site in it.
    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Result<Self> {
            let room = Self(std::env::temp_dir().join(format!("interleave-site-{name}-{}", std::process::id())));
            for (name, content) in [
                ("index.html", PAGE),
                ("sw.js", "// worker of the site"),
                ("_headers", "/*\n  A: b\n"),
                ("start.js", "import \"./interleave.js\""),
                ("interleave.js", "import './b.js'; import './a.js'; export default () => {}"),
                ("a.js", "a"),
                ("b.js", "b"),
                ("worker.js", "// worker"),
                ("styles/page.css", &"body { margin: 0 }\n".repeat(20)),
                ("files/00.txt", "data"),
                ("python/python.js", "python"),
            ] {
                write(&room.0.join("built").join(name), content)?;
            }
            Ok(room)
        }

        fn change(&self, name: &str, content: &str) -> Result<()> {
            write(&self.0.join("built").join(name), content)
        }

        fn lay_out(&self, name: &str, base_url: Option<&str>) -> Result<PathBuf> {
            let to = self.0.join(name);
            lay_out(&self.0.join("built"), &to, base_url)?;
            Ok(to)
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            // What the system does not delete now, it deletes with its other temporary files.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// The names of what was laid out, with the hashes as stars, and the hashes.
    fn shape(directory: &Path) -> Result<(String, Vec<String>)> {
        let mut hashes: Vec<String> = Vec::new();
        let mut shape = String::new();
        for name in files_in(directory)? {
            let mut name = name;
            if let Some((start, rest)) = name.clone().split_once('-') {
                let hash = &rest[..16];
                if !hashes.iter().any(|known| known == hash) {
                    hashes.push(hash.to_owned());
                }
                name = format!("{start}-*{}", &rest[16..]);
            }
            shape.push_str(&name);
            shape.push('\n');
        }
        Ok((shape, hashes))
    }

    #[test]
    fn what_never_changes_has_a_name_that_says_what_is_in_it() -> Result<()> {
        let room = Room::new("names")?;
        let first = room.lay_out("first", None)?;
        let (names, hashes) = shape(&first)?;
        let expected = "_headers\nfiles/00.txt\nindex.html\npython-*/python.js\nsite-*/a.js\nsite-*/b.js\nsite-*/files.json\nsite-*/interleave.js\n\
                        site-*/start.js\nsite-*/styles/page.css\nsw.js\nworker-*.js\n";
        assert_eq!(names, expected);
        let [python, site] = &hashes[..] else { panic!("one hash for Python and one for the rest: {hashes:?}") };
        let page = fs::read_to_string(first.join("index.html"))?;
        for part in [
            format!("href=\"site-{site}/styles/page.css\""),
            format!("<script src=\"site-{site}/start.js\">"),
            ["a.js", "b.js", "interleave.js"]
                .map(|name| format!("<link rel=\"modulepreload\" href=\"site-{site}/{name}\">"))
                .concat(),
            "<a href=\"?lesson=race\">start.js</a>".to_owned(),
            format!("content=\"site-{site}/ worker-{site}.js python-{python}/\""),
        ] {
            assert!(page.contains(&part), "{part} in {page}");
        }
        assert!(!page.contains("canonical") && !page.contains("href=\"worker"), "{page}");
        let list = fs::read_to_string(first.join(format!("site-{site}/files.json")))?;
        assert!(list.contains("files/00.txt") && list.contains("worker-") && !list.contains("python"), "{list}");
        let headers = fs::read_to_string(first.join("_headers"))?;
        for part in
            ["/*\n  A: b\n".to_owned(), format!("/site-{site}/*\n  {FOR_EVER}\n"), format!("/worker-{site}.js\n")]
        {
            assert!(headers.contains(&part), "{part} in {headers}");
        }
        // A change of the page leaves Python's name as it is, and the other way round.
        room.change("styles/page.css", "body {}")?;
        let (_, changed) = shape(&room.lay_out("second", None)?)?;
        assert_eq!((&changed[0] == python, &changed[1] == site), (true, false));
        room.change("python/python.js", "another")?;
        let (_, both) = shape(&room.lay_out("third", None)?)?;
        assert_eq!((&both[0] == python, both[1] == changed[1]), (false, true));
        assert!(is_laid_out(&first) && !is_laid_out(&room.0.join("built")));
        Ok(())
    }

    #[test]
    fn only_what_gains_by_it_has_a_compressed_form_and_one_that_is_there_stays() -> Result<()> {
        let room = Room::new("forms")?;
        room.change("interleave.js.br", "made before")?;
        let site = room.lay_out("laid-out", None)?;
        let folder = page_folder(&site).context("there is a folder")?;
        let has = |name: &str| COMPRESSED.map(|form| compressed(&folder.join(name), form).is_file());
        assert_eq!(has("styles/page.css"), [true, true]);
        assert_eq!(has("start.js"), [false, false]);
        assert_eq!(fs::read_to_string(folder.join("interleave.js.br"))?, "made before");
        let css = fs::read(folder.join("styles/page.css"))?;
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &fs::read(folder.join("styles/page.css.br"))?[..], &mut unpacked)?;
        assert_eq!(unpacked, css);
        let gzip = fs::read(folder.join("styles/page.css.gz"))?;
        assert_eq!(gzip[4..8], [0; 4], "no time in it");
        Ok(())
    }

    #[test]
    fn a_directory_packed_twice_gives_the_same_bytes() -> Result<()> {
        let room = Room::new("archive")?;
        let mut packed = Vec::new();
        for name in ["first", "second"] {
            let site = room.lay_out(name, Some("https://example.org/play/"))?;
            let file = room.0.join(format!("{name}.tar.gz"));
            archive(&site, "interleave", 1_700_000_000, &file)?;
            packed.push(fs::read(&file)?);
        }
        assert!(packed[0] == packed[1]);
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&packed[0][..]));
        let mut names = Vec::new();
        for entry in tar.entries()? {
            let entry = entry?;
            assert_eq!((entry.header().mtime()?, entry.header().mode()?), (1_700_000_000, 0o644));
            names.push(entry.path()?.to_string_lossy().into_owned());
        }
        assert!(names.is_sorted(), "{names:?}");
        assert!(names.contains(&"interleave/index.html".to_owned()), "{names:?}");
        Ok(())
    }

    #[test]
    fn an_address_is_one_of_a_folder() -> Result<()> {
        assert_eq!(base_url("https://example.org/play")?, "https://example.org/play/");
        assert_eq!(base_url("http://localhost:8080/")?, "http://localhost:8080/");
        for bad in
            ["example.org", "https://", "ftp://example.org/", "https://example.org/\"><script>", "https://a/?b=c"]
        {
            assert!(base_url(bad).is_err(), "{bad}");
        }
        let room = Room::new("address")?;
        let page = fs::read_to_string(room.lay_out("laid-out", Some("https://example.org/"))?.join("index.html"))?;
        assert!(page.contains("<link rel=\"canonical\" href=\"https://example.org/\" />"), "{page}");
        Ok(())
    }
}
