//! What the objects of a program are called on the timeline.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use interleave_runtime::span::Title;

use crate::place;

static NAMES: LazyLock<Mutex<Names>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Names {
    texts: HashMap<String, &'static str>,
    /// How many objects have the name so far.
    given: HashMap<&'static str, u32>,
}

impl Names {
    /// The text, for as long as the instance lives: the trace may ask for it at any time.
    fn keep(&mut self, text: &str) -> &'static str {
        if let Some(kept) = self.texts.get(text) {
            return kept;
        }
        let kept: &'static str = String::leak(text.to_owned());
        self.texts.insert(text.to_owned(), kept);
        kept
    }

    fn count(&mut self, name: &'static str) -> u32 {
        let given = self.given.entry(name).or_default();
        *given += 1;
        *given
    }
}

fn with<R>(ask: impl FnOnce(&mut Names) -> R) -> R {
    ask(&mut NAMES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What an object of this class is called that is being made: as the variable or attribute that it is assigned to, or
/// else as its class. Of several of one name the second and all later ones have a number, and of those without a name
/// every one has.
pub fn title_of_new(class: &'static str) -> Title {
    title_as(place::assigned_name(), class)
}

/// As [`title_of_new`], of an object that belongs to one of a class of the library.
pub fn title_of_new_outside(class: &str) -> Title {
    let class = with(|names| names.keep(class));
    title_as(place::assigned_name_outside(), class)
}

fn title_as(assigned: Option<&'static str>, class: &'static str) -> Title {
    with(|names| match assigned {
        Some(name) => match names.count(name) {
            1 => Title::new(name),
            number => Title::numbered(name, number),
        },
        None => Title::numbered(class, names.count(class)),
    })
}

/// A title that the program chose.
pub fn title(text: &str) -> Title {
    Title::new(with(|names| names.keep(text)))
}

/// The next program counts anew.
pub fn forget() {
    with(|names| names.given.clear());
}
