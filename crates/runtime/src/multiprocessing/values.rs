//! Numbers and bytes that processes share: with a lock of their own, without, and by name.

use std::marker::PhantomData;

use interleave_trace::ObjectId;
use serde::{Deserialize, Serialize};

use super::{Guard, ProcessError, RLock};
use crate::segment::block::Block;
use crate::segment::names::Named;
use crate::span::Title;

/// A number that can be shared: its bytes are the same in every process.
pub trait Scalar: Copy + Default + 'static {
    /// In bytes.
    const SIZE: u32;

    /// Reads it.
    fn read(block: &Block, at: u32) -> Result<Self, ProcessError>;

    /// Writes it.
    fn write(self, block: &Block, at: u32) -> Result<(), ProcessError>;
}

macro_rules! scalars {
    ($($type:ident)*) => {$(
        impl Scalar for $type {
            const SIZE: u32 = size_of::<$type>() as u32;

            fn read(block: &Block, at: u32) -> Result<Self, ProcessError> {
                let mut bytes = [0; size_of::<$type>()];
                block.read(at, &mut bytes)?;
                Ok(Self::from_le_bytes(bytes))
            }

            fn write(self, block: &Block, at: u32) -> Result<(), ProcessError> {
                block.write(at, &self.to_le_bytes())
            }
        }
    )*};
}

scalars! { i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 }

/// Numbers without a lock: who changes one that another changes as well may lose that change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RawArray<T> {
    block: Block,
    items: PhantomData<fn(T) -> T>,
}

impl<T> Clone for RawArray<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RawArray<T> {}

impl<T: Scalar> RawArray<T> {
    /// So many zeros.
    pub fn zeros(title: Title, length: u32) -> Result<Self, ProcessError> {
        let block = Block::make(title, u64::from(length) * u64::from(T::SIZE))?;
        Ok(Self { block, items: PhantomData })
    }

    /// With these items.
    pub fn new(title: Title, items: &[T]) -> Result<Self, ProcessError> {
        let array = Self::zeros(title, items.len() as u32)?;
        array.store(0, items)?;
        Ok(array)
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.block.object()
    }

    /// How many items there are.
    pub fn length(&self) -> u32 {
        self.block.size() / T::SIZE
    }

    fn place(&self, index: u32) -> Result<u32, ProcessError> {
        let outside = ProcessError::OutOfBounds { at: index.into(), length: self.length().into() };
        if index < self.length() { Ok(index * T::SIZE) } else { Err(outside) }
    }

    /// The item at a place.
    pub fn get(&self, index: u32) -> Result<T, ProcessError> {
        T::read(&self.block, self.place(index)?)
    }

    /// Changes the item at a place.
    pub fn set(&self, index: u32, value: T) -> Result<(), ProcessError> {
        value.write(&self.block, self.place(index)?)
    }

    /// All items.
    pub fn to_vec(&self) -> Result<Vec<T>, ProcessError> {
        (0..self.length()).map(|index| self.get(index)).collect()
    }

    /// Changes items from a place on.
    pub fn store(&self, first: u32, items: &[T]) -> Result<(), ProcessError> {
        (first..).zip(items).try_for_each(|(index, item)| self.set(index, *item))
    }
}

/// One number without a lock.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RawValue<T>(RawArray<T>);

impl<T> Clone for RawValue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RawValue<T> {}

impl<T: Scalar> RawValue<T> {
    /// With a first value.
    pub fn new(title: Title, value: T) -> Result<Self, ProcessError> {
        RawArray::new(title, &[value]).map(Self)
    }

    /// What it is now.
    pub fn get(&self) -> Result<T, ProcessError> {
        self.0.get(0)
    }

    /// Changes it.
    pub fn set(&self, value: T) -> Result<(), ProcessError> {
        self.0.set(0, value)
    }
}

macro_rules! locked {
    ($(#[$doc:meta])* $name:ident over $raw:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(bound = "")]
        pub struct $name<T> {
            raw: $raw<T>,
            lock: RLock,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T: Scalar> $name<T> {
            /// Its lock, held for as long as the guard is there: what belongs together is done under it.
            #[track_caller]
            pub fn guard(&self) -> Result<Guard<'_>, ProcessError> {
                self.lock.guard()
            }

            /// Its lock.
            pub fn lock(&self) -> &RLock {
                &self.lock
            }

            /// The same without the lock.
            pub fn raw(&self) -> &$raw<T> {
                &self.raw
            }
        }
    };
}

locked! {
    /// One number with a lock, which each access takes.
    Value over RawValue
}
locked! {
    /// Numbers with a lock, which each access takes.
    Array over RawArray
}

impl<T: Scalar> Value<T> {
    /// With a first value.
    pub fn new(title: Title, value: T) -> Result<Self, ProcessError> {
        Ok(Self { raw: RawValue::new(title, value)?, lock: RLock::new(title)? })
    }

    /// What it is now.
    #[track_caller]
    pub fn get(&self) -> Result<T, ProcessError> {
        let _guard = self.lock.guard()?;
        self.raw.get()
    }

    /// Changes it.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), ProcessError> {
        let _guard = self.lock.guard()?;
        self.raw.set(value)
    }

    /// Makes another value of it, with nobody in between. Gives the new one.
    #[track_caller]
    pub fn update(&self, change: impl FnOnce(T) -> T) -> Result<T, ProcessError> {
        let _guard = self.lock.guard()?;
        let value = change(self.raw.get()?);
        self.raw.set(value)?;
        Ok(value)
    }
}

impl<T: Scalar> Array<T> {
    /// With these items.
    pub fn new(title: Title, items: &[T]) -> Result<Self, ProcessError> {
        Ok(Self { raw: RawArray::new(title, items)?, lock: RLock::new(title)? })
    }

    /// How many items there are.
    pub fn length(&self) -> u32 {
        self.raw.length()
    }

    /// The item at a place.
    #[track_caller]
    pub fn get(&self, index: u32) -> Result<T, ProcessError> {
        let _guard = self.lock.guard()?;
        self.raw.get(index)
    }

    /// Changes the item at a place.
    #[track_caller]
    pub fn set(&self, index: u32, value: T) -> Result<(), ProcessError> {
        let _guard = self.lock.guard()?;
        self.raw.set(index, value)
    }

    /// All items.
    #[track_caller]
    pub fn to_vec(&self) -> Result<Vec<T>, ProcessError> {
        let _guard = self.lock.guard()?;
        self.raw.to_vec()
    }
}

/// Bytes by name. Open in this process until it is dropped.
#[derive(Debug)]
pub struct SharedMemory(Named);

impl SharedMemory {
    /// Makes so many bytes of that name, or of one that nobody has.
    pub fn create(name: Option<&str>, size: u32) -> Result<Self, ProcessError> {
        Named::create(name, Title::new("shared memory"), size.into()).map(Self)
    }

    /// Opens what another made under that name.
    pub fn attach(name: &str) -> Result<Self, ProcessError> {
        Named::attach(name).map(Self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// In bytes.
    pub fn size(&self) -> u32 {
        self.0.block().size()
    }

    /// Copies bytes out of it.
    pub fn read(&self, at: u32, out: &mut [u8]) -> Result<(), ProcessError> {
        self.0.block().read(at, out)
    }

    /// Copies bytes into it.
    pub fn write(&self, at: u32, bytes: &[u8]) -> Result<(), ProcessError> {
        self.0.block().write(at, bytes)
    }

    /// Closes it here. The bytes stay for others, and for who attaches later unless it was unlinked.
    pub fn close(self) {
        drop(self);
    }

    /// The name is free again. The bytes go when the last who has them open closes them.
    pub fn unlink(&self) -> Result<(), ProcessError> {
        self.0.unlink()
    }
}
