//! The page, started.

fn main() {
    yew::Renderer::<interleave::components::App>::new().render();
}
