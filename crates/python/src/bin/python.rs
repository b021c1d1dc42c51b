//! The Python front end as an artifact: everything that a worker calls is exported by the library.

// Named so that it is linked.
use interleave_python as _;

fn main() {}

/// What a build that counts needs of a profiler's runtime, which there is none of for WebAssembly. See
/// `xtask/src/profile.rs`.
#[cfg(interleave_counts)]
mod counts {
    use std::ptr;

    /// Stands for the runtime, which instrumented code asks to be linked (LLVM, "Instrumentation Profile Format").
    #[unsafe(no_mangle)]
    static __llvm_profile_runtime: u32 = 0;

    macro_rules! sections {
        ($($name:ident = $symbol:literal),*) => {
            unsafe extern "C" {
                $(#[link_name = $symbol] safe static $name: u8;)*
            }

            /// Where a section of the profile begins or ends: those of its records, its counts and its names, in turn.
            #[unsafe(no_mangle)]
            extern "C" fn interleave_counts(which: usize) -> *const u8 {
                [$(&raw const $name),*].get(which).copied().unwrap_or(ptr::null())
            }
        };
    }
    sections! {
        RECORDS = "__start___llvm_prf_data",
        RECORDS_END = "__stop___llvm_prf_data",
        COUNTS = "__start___llvm_prf_cnts",
        COUNTS_END = "__stop___llvm_prf_cnts",
        NAMES = "__start___llvm_prf_names",
        NAMES_END = "__stop___llvm_prf_names"
    }
}
