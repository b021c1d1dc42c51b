//! Serves a directory to browsers on this machine, isolated or plain.

//!
//! Written here because it is short: files are few and small, and what counts is that a slow or
//! silent client keeps nobody waiting, which small server crates do not promise.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a client may say nothing, or take nothing, before it is let go.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any browser sends to a static site.
const LONGEST_HEAD: u64 = 64 * 1024;

/// What a host should send with every file.
const HEADERS: &str = include_str!("../../www/_headers");

/// Whether pages get the headers that isolate them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headers {
    Isolated,
    Plain,
}

/// A running server; it runs until the program ends.
pub struct Site {
    pub address: SocketAddr,
    root: Arc<RwLock<PathBuf>>,
}

impl Site {
    /// Serves `root` on `port`, or on a free one for 0.
    pub fn serve(root: PathBuf, port: u16, headers: Headers) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("Port {port} cannot be used: name another one with --port"))?;
        let address = listener.local_addr().context("The server has no address.")?;
        let root = Arc::new(RwLock::new(root));
        // Some systems take `localhost` for this one alone; where it does not exist, nobody asks.
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).ok();
        for listener in [Some(listener), v6].into_iter().flatten() {
            let served = Arc::clone(&root);
            thread::spawn(move || accept(&listener, &served, headers));
        }
        Ok(Self { address, root })
    }

    /// The page's address, by the name for which browsers make exceptions.
    pub fn url(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }

    /// Serves another directory from the next request on.
    pub fn switch_to(&self, root: PathBuf) {
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
    }
}

fn accept(listener: &TcpListener, root: &Arc<RwLock<PathBuf>>, headers: Headers) {
    for client in listener.incoming() {
        // Out of handles, perhaps; some come back when clients go.
        let Ok(client) = client else {
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let root = Arc::clone(root);
        thread::spawn(move || {
            // An error here means that the client went away.
            let _ = converse(client, &root, headers);
        });
    }
}

/// Answers one client's requests until it has no more.
fn converse(client: TcpStream, root: &RwLock<PathBuf>, headers: Headers) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    client.set_nodelay(true)?;
    let mut output = client.try_clone()?;
    let mut input = BufReader::new(client);
    while let Some(request) = read_request(&mut input)? {
        let root = root.read().unwrap_or_else(PoisonError::into_inner).clone();
        answer(&request, &root, headers, &mut output)?;
        if request.is_last {
            break;
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Request {
    method: String,
    target: String,
    is_last: bool,
}

/// The next request; nothing when the client is done or makes no sense.
fn read_request(input: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut head = input.take(LONGEST_HEAD);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Ok(None);
    };
    let mut request = Request { method: method.to_owned(), target: target.to_owned(), is_last: version != "HTTP/1.1" };
    loop {
        let mut field = String::new();
        if head.read_line(&mut field)? == 0 {
            return Ok(None);
        }
        let field = field.trim_end().to_ascii_lowercase();
        if field.is_empty() {
            return Ok(Some(request));
        }
        // A body would be taken for the next request, and nothing here wants one.
        let has_body = field.starts_with("content-length:") || field.starts_with("transfer-encoding:");
        if field == "connection: close" || has_body {
            request.is_last = true;
        }
    }
}

fn answer(request: &Request, root: &Path, headers: Headers, output: &mut impl Write) -> io::Result<()> {
    let file = file_for(root, &request.target);
    let content = file.as_ref().and_then(|file| fs::read(file).ok());
    let (status, path, body) = match (request.method.as_str(), file, content) {
        ("GET" | "HEAD", Some(file), Some(content)) => ("200 OK", file, content),
        ("GET" | "HEAD", _, _) if is_coming(root, &request.target) => {
            ("503 Service Unavailable", "503.txt".into(), b"This is still being built.\n".to_vec())
        }
        ("GET" | "HEAD", _, _) => ("404 Not Found", "404.txt".into(), b"There is no such file.\n".to_vec()),
        _ => ("405 Method Not Allowed", "405.txt".into(), b"Only GET and HEAD are answered here.\n".to_vec()),
    };
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers_for(&path, headers) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if request.is_last {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    output.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        output.write_all(&body)?;
    }
    output.flush()
}

fn headers_for(path: &Path, headers: Headers) -> Vec<(&'static str, &'static str)> {
    let mut list = vec![("Content-Type", mime_type(path)), ("Cache-Control", "no-cache")];
    if headers == Headers::Isolated {
        let is_player = path.file_name().is_some_and(|name| name == "embed.html");
        let mut applies = false;
        for line in HEADERS.lines() {
            match line.trim().split_once(": ") {
                Some(header) if applies => list.push(header),
                Some(_) => {}
                None => applies = line == "/*" || is_player && line == "/embed.html",
            }
        }
    }
    list
}

/// What a file is called that stands for one which is still to be built.
pub fn coming(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".coming");
    name.into()
}

fn is_coming(root: &Path, target: &str) -> bool {
    file_for(root, &coming(Path::new(target)).to_string_lossy()).is_some()
}

/// The file that a request's target means; nothing outside `root`.
fn file_for(root: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let decoded = percent_decode(path)?;
    let relative = Path::new(decoded.trim_start_matches('/'));
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let file = root.join(relative);
    let file = if file.is_dir() { file.join("index.html") } else { file };
    file.is_file().then_some(file)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn mime_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json; charset=utf-8",
        Some("webmanifest") => "application/manifest+json; charset=utf-8",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(address: SocketAddr, target: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn a_page_is_served_with_its_headers_and_slow_clients_hold_up_nobody() -> Result<()> {
        let root = std::env::temp_dir().join(format!("interleave-server-test-{}", std::process::id()));
        fs::create_dir_all(root.join("sub"))?;
        fs::write(root.join("index.html"), "<p>page</p>")?;
        fs::write(root.join("sub/a b.wasm"), "wasm")?;
        let isolated = Site::serve(root.clone(), 0, Headers::Isolated)?;
        let plain = Site::serve(root.clone(), 0, Headers::Plain)?;
        let _slow: Vec<_> = (0..20).map(|_| TcpStream::connect(isolated.address)).collect();

        let page = get(isolated.address, "/?workload=primes")?;
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(page.contains("Cross-Origin-Opener-Policy: same-origin"));
        assert!(page.contains("Cross-Origin-Embedder-Policy: require-corp"));
        assert!(page.ends_with("<p>page</p>"));
        assert!(!get(plain.address, "/")?.contains("Cross-Origin"));
        assert!(get(plain.address, "/sub/a%20b.wasm")?.contains("application/wasm"));
        fs::write(coming(&root.join("python.wasm")), "")?;
        assert!(get(plain.address, "/python.wasm")?.starts_with("HTTP/1.1 503"));
        for missing in ["/none", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/sub/"] {
            assert!(get(plain.address, missing)?.starts_with("HTTP/1.1 404"), "{missing}");
        }
        fs::remove_dir_all(root)?;
        Ok(())
    }

    #[test]
    fn one_connection_carries_several_requests() -> io::Result<()> {
        let mut input = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\nConnection: close\r\n\r\n".as_bytes();
        let mut targets = Vec::new();
        while let Some(request) = read_request(&mut input)? {
            targets.push((request.method, request.target, request.is_last));
        }
        assert_eq!(targets, [("GET".into(), "/a".into(), false), ("HEAD".into(), "/b".into(), true)]);
        assert_eq!(read_request(&mut "nonsense\r\n\r\n".as_bytes())?, None);
        Ok(())
    }
}
