//! A value that threads share without a lock: for accidents.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use super::Result;
use super::thread::checkpoint;
use crate::sys::sync::AtomicU64;

/// What fits a machine word.
pub trait Word: Copy {
    /// Its bits.
    fn to_bits(self) -> u64;
    /// The value with those bits.
    fn from_bits(bits: u64) -> Self;
}

macro_rules! words {
    ($($name:ty)*) => {$(
        impl Word for $name {
            fn to_bits(self) -> u64 {
                self as u64
            }

            fn from_bits(bits: u64) -> Self {
                bits as Self
            }
        }
    )*};
}

words! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

impl Word for bool {
    fn to_bits(self) -> u64 {
        u64::from(self)
    }

    fn from_bits(bits: u64) -> Self {
        bits != 0
    }
}

impl Word for f64 {
    fn to_bits(self) -> u64 {
        self.to_bits()
    }

    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

/// A value that is read and written without a lock. Each is whole for itself, but between a read and the write that
/// follows from it others may write, and what they wrote is lost. In Rust such a variable has to be asked for; in most
/// languages it is the usual one.
pub struct Racy<T> {
    bits: AtomicU64,
    of: PhantomData<fn(T) -> T>,
}

impl<T: Word> Racy<T> {
    /// With its first value.
    pub fn new(value: T) -> Self {
        Self { bits: AtomicU64::new(value.to_bits()), of: PhantomData }
    }

    /// Reads it.
    pub fn get(&self) -> Result<T> {
        checkpoint()?;
        Ok(T::from_bits(self.bits.load(Ordering::Relaxed)))
    }

    /// Writes it.
    pub fn set(&self, value: T) -> Result<()> {
        checkpoint()?;
        self.bits.store(value.to_bits(), Ordering::Relaxed);
        Ok(())
    }

    /// Reads it, and writes what `change` makes of it: `x += 1` as it is carried out.
    pub fn update(&self, change: impl FnOnce(T) -> T) -> Result<()> {
        let value = self.get()?;
        self.set(change(value))
    }
}
