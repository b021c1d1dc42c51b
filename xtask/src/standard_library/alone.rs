// Put into `core::sync::atomic`: what reads, changes and writes a value in one is atomic only from when an instance has a
// second thread. The C++ library of GNU counts references in this way (`__libc_single_threaded`).
//
// `ptr`, `mem`, `intrinsics` and `AO` are what that module has under these names.

unsafe extern "C" {
    /// Zero until the first thread of the instance starts another, which sets it before it does; see
    /// `interleave_runtime::sys`.
    static mut INTERLEAVE_HAS_THREADS: u8;
}

#[inline(always)]
fn is_alone() -> bool {
    // SAFETY: the only write comes before there is anybody else who could read, and happens before all that they do.
    unsafe { INTERLEAVE_HAS_THREADS == 0 }
}

/// Tells the compiler that a function which calls this may touch any memory. LLVM 22 takes a function that does no more than
/// an atomic operation on what it is given for one that touches nothing else, whatever the operation's order, and moves past
/// a call of it what a lock protects. (LLVM's pull request 193768, "Clarify memory effects of atomics", came after it.)
#[inline(always)]
pub fn orders() {
    // SAFETY: a fence has nothing to be wrong about.
    unsafe { intrinsics::atomic_singlethreadfence::<{ AO::SeqCst }>() }
}

/// # Safety
/// `T` is an integer or a pointer.
#[inline(always)]
unsafe fn to_bits<T: Copy>(value: &T) -> u64 {
    // SAFETY: of one size, and the caller says that `T` has no bytes without a value.
    unsafe {
        match size_of::<T>() {
            1 => mem::transmute_copy::<T, u8>(value) as u64,
            2 => mem::transmute_copy::<T, u16>(value) as u64,
            4 => mem::transmute_copy::<T, u32>(value) as u64,
            _ => mem::transmute_copy::<T, u64>(value),
        }
    }
}

/// # Safety
/// `T` is an integer or a pointer.
#[inline(always)]
unsafe fn of_bits<T: Copy>(bits: u64) -> T {
    // SAFETY: of one size, and every pattern of bits is an integer or a pointer.
    unsafe {
        match size_of::<T>() {
            1 => mem::transmute_copy::<u8, T>(&(bits as u8)),
            2 => mem::transmute_copy::<u16, T>(&(bits as u16)),
            4 => mem::transmute_copy::<u32, T>(&(bits as u32)),
            _ => mem::transmute_copy::<u64, T>(&bits),
        }
    }
}

// Volatile, so that no access is moved to before somebody has looked who is there. Orders are of no matter: the machine has
// but one for what is atomic, and a thread sees what it did itself in the order in which it did it.
macro_rules! operation {
    ($name:ident, $shared:ident, $intrinsic:ident, |$old:ident, $value:ident| $new:expr) => {
        /// # Safety
        /// As for the operation of that name.
        #[inline]
        pub unsafe fn $name<T: Copy, U: Copy>(at: *mut T, value: U) -> T {
            // SAFETY: the caller's; if nobody else is there, nobody else accesses it.
            unsafe {
                if !is_alone() {
                    return $shared(at, value);
                }
                let old = ptr::read_volatile(at);
                let ($old, $value) = (to_bits(&old), to_bits(&value));
                ptr::write_volatile(at, of_bits($new));
                old
            }
        }

        #[cold]
        #[inline(never)]
        unsafe fn $shared<T: Copy, U: Copy>(at: *mut T, value: U) -> T {
            orders();
            // SAFETY: the caller's.
            unsafe { intrinsics::$intrinsic::<T, U, { AO::SeqCst }>(at, value) }
        }
    };
}

operation!(add, shared_add, atomic_xadd, |old, value| old.wrapping_add(value));
operation!(sub, shared_sub, atomic_xsub, |old, value| old.wrapping_sub(value));
operation!(and, shared_and, atomic_and, |old, value| old & value);
operation!(or, shared_or, atomic_or, |old, value| old | value);
operation!(xor, shared_xor, atomic_xor, |old, value| old ^ value);

/// # Safety
/// As for the operation of that name.
#[inline]
pub unsafe fn swap<T: Copy>(at: *mut T, new: T) -> T {
    // SAFETY: the caller's; if nobody else is there, nobody else accesses it.
    unsafe {
        if !is_alone() {
            return shared_swap(at, new);
        }
        let old = ptr::read_volatile(at);
        ptr::write_volatile(at, new);
        old
    }
}

#[cold]
#[inline(never)]
unsafe fn shared_swap<T: Copy>(at: *mut T, new: T) -> T {
    orders();
    // SAFETY: the caller's.
    unsafe { intrinsics::atomic_xchg::<T, { AO::SeqCst }>(at, new) }
}

/// # Safety
/// As for the operation of that name.
#[inline]
pub unsafe fn compare_exchange<T: Copy>(at: *mut T, old: T, new: T) -> Result<T, T> {
    // SAFETY: the caller's; if nobody else is there, nobody else accesses it.
    unsafe {
        let found = if is_alone() {
            let found = ptr::read_volatile(at);
            if to_bits(&found) == to_bits(&old) {
                ptr::write_volatile(at, new);
            }
            found
        } else {
            shared_compare_exchange(at, old, new)
        };
        if to_bits(&found) == to_bits(&old) { Ok(found) } else { Err(found) }
    }
}

#[cold]
#[inline(never)]
unsafe fn shared_compare_exchange<T: Copy>(at: *mut T, old: T, new: T) -> T {
    orders();
    // SAFETY: the caller's.
    unsafe { intrinsics::atomic_cxchg::<T, { AO::SeqCst }, { AO::SeqCst }>(at, old, new).0 }
}
