//! The page, started.

use interleave::browser;
use interleave::components::{App, Player};

fn main() {
    std::panic::set_hook(Box::new(|info| {
        browser::alarm(&format!(
            "The page's program stopped by a mistake of its own; reload the page to go on. ({info})"
        ));
    }));
    if browser::is_player() {
        yew::Renderer::<Player>::new().render();
    } else {
        yew::Renderer::<App>::new().render();
    }
}
