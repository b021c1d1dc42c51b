//! Compiles the part of Python's standard library that programs here can use, and our own additions to it, to bytecode
//! that goes into the artifact.
//!
//! RustPython's own way freezes all of it, most of which (idlelib, tkinter, ensurepip ...) nobody can use in a page, and
//! compresses each module by itself, which makes brotli's work on the whole less worth. So the modules are chosen
//! here and stored as they are.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use rustpython_compiler::{CompileOpts, Mode, compile};
use rustpython_compiler_core::frozen::{FrozenCodeObject, FrozenLib, FrozenModule};
use rustpython_compiler_core::marshal::serialize_code;

/// What is left out: it needs a terminal, a screen, an installation, sockets or files that no page has, or is large and
/// seldom wanted.
const LEFT_OUT: [&str; 70] = [
    "_aix_support",
    "_android_support",
    "_apple_support",
    "_dummy_os",
    "_dummy_thread",
    "_ios_support",
    "_osx_support",
    "_pycodecs",
    "_pyio",
    "_pyrepl",
    "antigravity",
    "bdb",
    "cmd",
    "code",
    "compileall",
    "ctypes",
    "curses",
    "dbm",
    "dummy_threading",
    "ensurepip",
    "filecmp",
    "fileinput",
    "ftplib",
    "getpass",
    "idlelib",
    "imaplib",
    "lib2to3",
    "mailbox",
    "modulefinder",
    "netrc",
    "nturl2path",
    "optparse",
    "pdb",
    "pickletools",
    "plistlib",
    "poplib",
    "profile",
    "pstats",
    "pty",
    "py_compile",
    "pyclbr",
    "pydoc",
    "pydoc_data",
    "rlcompleter",
    "site",
    "smtplib",
    "socketserver",
    "sqlite3",
    "ssl",
    "symtable",
    "tabnanny",
    "tarfile",
    "tkinter",
    "tracemalloc",
    "trace",
    "tty",
    "turtle",
    "turtledemo",
    "venv",
    "wave",
    "webbrowser",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zoneinfo",
    "__phello__",
    "__hello__",
];

/// What is left out of `multiprocessing`: other ways to start a process, and what they keep track of.
const PROCESSES_LEFT_OUT: [&str; 6] =
    ["forkserver", "heap", "popen_fork", "popen_forkserver", "popen_spawn_win32", "resource_sharer"];

/// The encodings that are kept: a page speaks UTF-8.
const ENCODINGS: [&str; 18] = [
    "__init__",
    "aliases",
    "ascii",
    "base64_codec",
    "cp1252",
    "cp437",
    "hex_codec",
    "idna",
    "latin_1",
    "punycode",
    "raw_unicode_escape",
    "rot_13",
    "unicode_escape",
    "utf_16",
    "utf_16_be",
    "utf_16_le",
    "utf_8",
    "utf_8_sig",
];

/// Where our own modules are.
const OURS: &str = "lib";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=lib");
    let mut modules = Vec::new();
    freeze_directory(Path::new(rustpython_pylib::LIB_PATH), "", &mut modules)?;
    freeze_directory(Path::new(OURS), "", &mut modules)?;
    // The later of two modules of one name counts, so ours can stand in for Python's.
    modules.reverse();
    modules.sort_by(|a, b| a.0.cmp(&b.0));
    modules.dedup_by(|a, b| a.0 == b.0);
    let library = FrozenLib::encode(modules.iter().map(|(name, module)| {
        let code = FrozenCodeObject { bytes: &module.code.bytes };
        (name.as_str(), FrozenModule { code, package: module.package })
    }));
    let out = PathBuf::from(env::var("OUT_DIR")?).join("library.bin");
    fs::write(out, library.bytes)?;
    Ok(())
}

fn freeze_directory(directory: &Path, package: &str, modules: &mut Vec<(String, FrozenModule<Vec<u8>>)>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(directory)?.collect::<std::result::Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let left_out = match package {
            "" if directory != Path::new(OURS) => LEFT_OUT.contains(&stem),
            "encodings" => !ENCODINGS.contains(&stem),
            "multiprocessing" => PROCESSES_LEFT_OUT.contains(&stem),
            _ => false,
        };
        if left_out || stem == "test" || stem == "__pycache__" {
            continue;
        }
        let name = if package.is_empty() { stem.to_owned() } else { format!("{package}.{stem}") };
        if path.is_dir() {
            freeze_directory(&path, &name, modules)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            let is_package = stem == "__init__";
            let name = if is_package { package.to_owned() } else { name };
            modules.push((name.clone(), freeze(&path, &name, is_package)?));
        }
    }
    Ok(())
}

fn freeze(path: &Path, name: &str, package: bool) -> Result<FrozenModule<Vec<u8>>> {
    let source = fs::read_to_string(path)?;
    // Documentation is for reading, which nobody does here. What leaves it out leaves assertions out as well, and those are
    // part of how some modules behave: multiprocessing tells its callers of their mistakes by them.
    let asserts = source.lines().any(|line| line.trim_start().starts_with("assert"));
    let optimize = if asserts { 0 } else { 2 };
    let options = CompileOpts { optimize, debug_ranges: false, ..CompileOpts::default() };
    let code = compile(source.trim_start_matches('\u{feff}'), Mode::Exec, &format!("<frozen {name}>"), options)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut marshalled = Vec::new();
    serialize_code(&mut marshalled, &code);
    Ok(FrozenModule { code: FrozenCodeObject { bytes: stored(&marshalled) }, package })
}

/// `data` as an LZ4 block that compresses nothing, with its size before it: what RustPython unpacks, and brotli can see
/// through.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut block = (data.len() as u32).to_le_bytes().to_vec();
    let mut rest = data.len();
    block.push((rest.min(15) as u8) << 4);
    if rest >= 15 {
        rest -= 15;
        while rest >= 255 {
            block.push(255);
            rest -= 255;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(data);
    block
}
