//! The page, started.

use interleave::browser;

fn main() {
    std::panic::set_hook(Box::new(|info| {
        browser::alarm(&format!(
            "The page's program stopped by a mistake of its own; reload the page to go on. ({info})"
        ));
    }));
    yew::Renderer::<interleave::components::App>::new().render();
}
