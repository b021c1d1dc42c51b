//! The standard library that Python is built with: the compiler's own, but for what its atomic operations cost.
//!
//! WebAssembly has one order for atomic operations, the strictest, and on x86 each of them that writes is an instruction
//! with a lock. Rust's counted references, locks and `Relaxed` stores become such instructions, and an interpreter
//! consists of them: RustPython stores one for each instruction that it executes. docs/python.md has what that cost. So
//! in a copy of `core::sync::atomic`
//!
//! - a `Relaxed` store is an ordinary one, as it is on every other machine: aligned and of at most four bytes, it is seen
//!   whole by whoever loads it (WebAssembly threads, "Memory Model");
//! - what reads, changes and writes is atomic only once the instance has a second thread (`alone.rs`).
//!
//! Loads stay atomic, which costs nothing, so that nobody waits for a value that was read once; and so do stores of any
//! other order, by which the page sees what an instance writes into its memory. What orders anything tells the compiler so
//! once more, since LLVM 22 forgets it where the operation is in a function of its own: see `orders` in `alone.rs`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::toolchain::Toolchain;
use crate::tools::fnv1a;

/// The file of the library that is another.
const FILE: [&str; 4] = ["core", "src", "sync", "atomic.rs"];

const ALONE: &str = include_str!("standard_library/alone.rs");

/// What is put first in the body of a function of [`FILE`], by how the function begins.
const INSTEAD: [(&str, &str); 10] = [
    (
        "unsafe fn atomic_store<",
        "if matches!(order, Relaxed) && size_of::<T>() <= 4 { return unsafe { crate::ptr::write_volatile(dst, val) }; }
    if !matches!(order, Relaxed) { alone::orders() }",
    ),
    ("unsafe fn atomic_load<", "if !matches!(order, Relaxed) { alone::orders() }"),
    ("unsafe fn atomic_swap<", "if true { return unsafe { alone::swap(dst, val) }; }"),
    ("unsafe fn atomic_add<", "if true { return unsafe { alone::add(dst, val) }; }"),
    ("unsafe fn atomic_sub<", "if true { return unsafe { alone::sub(dst, val) }; }"),
    ("unsafe fn atomic_and<", "if true { return unsafe { alone::and(dst, val) }; }"),
    ("unsafe fn atomic_or<", "if true { return unsafe { alone::or(dst, val) }; }"),
    ("unsafe fn atomic_xor<", "if true { return unsafe { alone::xor(dst, val) }; }"),
    ("unsafe fn atomic_compare_exchange<", "if true { return unsafe { alone::compare_exchange(dst, old, new) }; }"),
    (
        "unsafe fn atomic_compare_exchange_weak<",
        "if true { return unsafe { alone::compare_exchange(dst, old, new) }; }",
    ),
];

/// The text of [`FILE`] as it is built.
fn changed(text: &str) -> Result<String> {
    let mut text = text.to_owned();
    for (head, line) in INSTEAD {
        let mut found = text.match_indices(head).map(|(at, _)| at);
        let (Some(at), None) = (found.next(), found.next()) else {
            bail!("`{head}` is not in it once");
        };
        let body = text[at..].find("{\n").with_context(|| format!("`{head}` has no body"))?;
        text.insert_str(at + body + 2, &format!("    {line}\n"));
    }
    text.push_str(&format!("\nmod alone {{\nuse super::{{AO, intrinsics}};\nuse crate::{{mem, ptr}};\n{ALONE}}}\n"));
    Ok(text)
}

/// The directory that Cargo is to take for the library's. Its name says what is in it, since Cargo looks at a library's
/// files no more once it has built them.
pub fn ensure(cache: &Cache, toolchain: &Toolchain) -> Result<PathBuf> {
    let original = toolchain.source.join("library");
    let file: PathBuf = FILE.iter().collect();
    let path = original.join(&file);
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let text = changed(&text).with_context(|| format!("{} is not that of {}", path.display(), toolchain.version))?;
    let name = format!("{}:{text}", original.display());
    let library = cache.root().join(format!("library-{:016x}", fnv1a(name.as_bytes())));
    if library.is_dir() {
        return Ok(library);
    }
    let _lock = cache.lock("library")?;
    let part = library.with_extension("part");
    let make = || -> std::io::Result<()> {
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        mirror(&original, &part, &FILE)?;
        fs::write(part.join(&file), &text)?;
        if !library.is_dir() {
            fs::rename(&part, &library)?;
        }
        Ok(())
    };
    make().with_context(|| format!("{} cannot be written", library.display()))?;
    Ok(library)
}

/// A directory of links to what is in another, without the file at the end of the path `except`.
fn mirror(original: &Path, copy: &Path, except: &[&str]) -> std::io::Result<()> {
    fs::create_dir_all(copy)?;
    for entry in fs::read_dir(original)? {
        let entry = entry?;
        let name = entry.file_name();
        match except {
            [directory, rest @ ..] if name == *directory => {
                if !rest.is_empty() {
                    mirror(&entry.path(), &copy.join(name), rest)?;
                }
            }
            _ => symlink(entry.path(), copy.join(name))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    /// `alone.rs` as `core` has it, over the compiler's own atomics.
    #[allow(dead_code, clippy::missing_safety_doc)]
    mod alone {
        use std::{mem, ptr};

        #[allow(non_snake_case, non_upper_case_globals)]
        mod AO {
            pub const SeqCst: u8 = 0;
        }

        mod intrinsics {
            use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

            macro_rules! operation {
                ($name:ident, $method:ident) => {
                    pub unsafe fn $name<T: Copy, U: Copy, const ORDER: u8>(at: *mut T, value: U) -> T {
                        // SAFETY: the caller's.
                        unsafe {
                            let value = super::to_bits(&value);
                            super::of_bits(match size_of::<T>() {
                                1 => AtomicU8::from_ptr(at.cast()).$method(value as u8, Ordering::SeqCst).into(),
                                2 => AtomicU16::from_ptr(at.cast()).$method(value as u16, Ordering::SeqCst).into(),
                                4 => AtomicU32::from_ptr(at.cast()).$method(value as u32, Ordering::SeqCst).into(),
                                _ => AtomicU64::from_ptr(at.cast()).$method(value, Ordering::SeqCst),
                            })
                        }
                    }
                };
            }
            operation!(atomic_xadd, fetch_add);
            operation!(atomic_xsub, fetch_sub);
            operation!(atomic_and, fetch_and);
            operation!(atomic_or, fetch_or);
            operation!(atomic_xor, fetch_xor);
            operation!(exchange, swap);

            pub unsafe fn atomic_singlethreadfence<const ORDER: u8>() {
                std::sync::atomic::compiler_fence(Ordering::SeqCst);
            }

            pub unsafe fn atomic_xchg<T: Copy, const ORDER: u8>(at: *mut T, value: T) -> T {
                // SAFETY: the caller's.
                unsafe { exchange::<T, T, ORDER>(at, value) }
            }

            pub unsafe fn atomic_cxchg<T: Copy, const DONE: u8, const NOT: u8>(
                at: *mut T,
                old: T,
                new: T,
            ) -> (T, bool) {
                let order = Ordering::SeqCst;
                // SAFETY: the caller's.
                unsafe {
                    let (old, new) = (super::to_bits(&old), super::to_bits(&new));
                    macro_rules! exchange {
                        ($atomic:ident, $bits:ty) => {
                            $atomic::from_ptr(at.cast())
                                .compare_exchange(old as $bits, new as $bits, order, order)
                                .map_or_else(|found| (found as u64, false), |found| (found as u64, true))
                        };
                    }
                    let (found, is_done) = match size_of::<T>() {
                        1 => exchange!(AtomicU8, u8),
                        2 => exchange!(AtomicU16, u16),
                        4 => exchange!(AtomicU32, u32),
                        _ => exchange!(AtomicU64, u64),
                    };
                    (super::of_bits(found), is_done)
                }
            }
        }

        include!("standard_library/alone.rs");
    }

    #[unsafe(no_mangle)]
    static INTERLEAVE_HAS_THREADS: AtomicU8 = AtomicU8::new(0);

    #[test]
    fn what_changes_a_value_does_the_same_alone_and_with_others() {
        macro_rules! check {
            ($($integer:ty),*) => {$(
                let (high, low) = (<$integer>::MAX - 2, 5 as $integer);
                let mut value = high;
                let at = &raw mut value;
                // SAFETY: nobody else knows of it.
                unsafe {
                    assert_eq!((alone::add(at, low), *at), (high, high.wrapping_add(low)));
                    assert_eq!((alone::sub(at, low), *at), (high.wrapping_add(low), high));
                    assert_eq!((alone::and(at, low), *at), (high, high & low));
                    assert_eq!((alone::or(at, high), *at), (high & low, high));
                    assert_eq!((alone::xor(at, low), *at), (high, high ^ low));
                    assert_eq!((alone::swap(at, low), *at), (high ^ low, low));
                    assert_eq!((alone::compare_exchange(at, high, 1), *at), (Err(low), low));
                    assert_eq!((alone::compare_exchange(at, low, high), *at), (Ok(low), high));
                }
            )*};
        }
        for has_threads in [0, 1] {
            INTERLEAVE_HAS_THREADS.store(has_threads, Ordering::SeqCst);
            check!(u8, i8, u16, i16, u32, i32, u64, i64, usize);
            let (mut one, mut other) = (1, 2);
            let [one, other] = [&raw mut one, &raw mut other];
            let mut pointer = one;
            // SAFETY: as above.
            unsafe {
                assert_eq!(alone::compare_exchange(&raw mut pointer, other, one), Err(one));
                assert_eq!(alone::swap(&raw mut pointer, other), one);
            }
            assert_eq!(pointer, other);
        }
    }

    /// LLVM infers what memory a function touches, and moves loads and stores past a call that does not touch it: those that a
    /// lock protects past the lock. (LLVM Language Reference, "Function Attributes", `memory`.)
    #[test]
    fn what_is_shared_may_touch_any_memory_as_far_as_the_compiler_knows() {
        const PROGRAM: &str = r#"
            #![feature(adt_const_params, core_intrinsics)]
            #![allow(internal_features)]
            pub mod alone {
                use core::intrinsics::AtomicOrdering as AO;
                use core::{intrinsics, mem, ptr};
                include!(env!("ALONE"));
            }
            #[unsafe(no_mangle)]
            unsafe fn all(at: *mut i32, new: i32) -> [i32; 6] {
                use alone::*;
                unsafe { [add(at, new), sub(at, new), and(at, new), or(at, new), xor(at, new), swap(at, new)] }
            }
            #[unsafe(no_mangle)]
            unsafe fn exchange(at: *mut i32, new: i32) -> Result<i32, i32> {
                unsafe { alone::compare_exchange(at, new, new + 1) }
            }
        "#;
        let mut rustc = Command::new("rustc")
            .args(["--edition", "2024", "--crate-type", "lib", "-O", "-Cpanic=abort", "--emit", "llvm-ir=-", "-"])
            .env("ALONE", concat!(env!("CARGO_MANIFEST_DIR"), "/src/standard_library/alone.rs"))
            .env("RUSTC_BOOTSTRAP", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a compiler");
        rustc.stdin.take().expect("a pipe").write_all(PROGRAM.as_bytes()).expect("it reads");
        let output = rustc.wait_with_output().expect("it ends");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("text");
        // Before each function stand its attributes.
        let attributes: Vec<_> =
            text.split("\n\n").filter(|part| part.contains("define") && part.contains("shared_")).collect();
        assert_eq!(
            attributes.iter().filter(|part| part.contains("atomicrmw") || part.contains("cmpxchg")).count(),
            7,
            "{text}"
        );
        for part in attributes {
            let of_function = part.lines().find(|line| line.starts_with("; Function Attrs")).expect("attributes");
            assert!(!of_function.contains("memory("), "{part}");
        }
    }

    #[test]
    fn each_function_is_changed_once_or_nothing_is() -> Result<()> {
        let functions = INSTEAD.map(|(head, _)| format!("{head}T: Copy>(dst: *mut T) {{\n    body\n}}\n"));
        let text = changed(&functions.concat())?;
        for (head, line) in INSTEAD {
            assert!(text.contains(&format!("{head}T: Copy>(dst: *mut T) {{\n    {line}\n    body\n")), "{text}");
        }
        assert!(text.contains("mod alone {"));
        assert!(changed(&functions[1..].concat()).is_err());
        assert!(changed(&[functions.concat(), functions.concat()].concat()).is_err());
        Ok(())
    }
}
