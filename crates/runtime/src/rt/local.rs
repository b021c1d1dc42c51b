//! Values of which each thread has its own.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::sync::thread_local;

type Values = HashMap<u64, Rc<dyn Any>>;

thread_local! {
    static VALUES: RefCell<Values> = RefCell::new(HashMap::new());
}

/// Python's `threading.local`: each thread that asks gets a value of its own, which goes with it.
pub struct Local<T> {
    id: u64,
    make: Box<dyn Fn() -> T + Send + Sync>,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> Local<T> {
    /// One whose values are made by `make`, in the thread that asks and when it first does.
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self { id: COUNT.fetch_add(1, Ordering::Relaxed), make: Box::new(make), of: PhantomData }
    }

    /// Shows `look` the calling thread's value.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.own())
    }

    fn own(&self) -> Rc<T> {
        let there = VALUES.with(|values| values.borrow().get(&self.id).cloned());
        if let Some(Ok(value)) = there.map(Rc::downcast::<T>) {
            return value;
        }
        // Nothing is borrowed here: what is called may ask for others.
        let value = Rc::new((self.make)());
        VALUES.with(|values| values.borrow_mut().insert(self.id, value.clone()));
        value
    }
}

/// The calling thread is over, and with it its values.
pub(crate) fn drop_values() {
    drop(VALUES.with(RefCell::take));
}
