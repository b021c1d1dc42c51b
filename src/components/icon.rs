//! Small pictures on buttons. A button with one has a name of its own; the picture says nothing to screen readers.

use yew::prelude::*;

/// Which picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Run,
    Stop,
    Compare,
    Save,
    Open,
    Share,
    Theme,
    Help,
    Closer,
    Farther,
    Fit,
    Knobs,
    Explore,
}

#[derive(PartialEq, Properties)]
pub struct Props {
    pub shape: Shape,
}

#[component]
pub fn Icon(props: &Props) -> Html {
    let path = match props.shape {
        Shape::Run => "M4 2.5v11l9-5.5z",
        Shape::Stop => "M3.5 3.5h9v9h-9z",
        Shape::Compare => "M2 3.5h12M2 6.5h6M2 9.5h7M2 12.5h11",
        Shape::Save => "M8 2v8M4.5 6.5 8 10l3.5-3.5M2.5 13.5h11",
        Shape::Open => "M8 10V2M4.5 5.5 8 2l3.5 3.5M2.5 13.5h11",
        Shape::Share => "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.3 4.3L11 9M9 11.5 7.5 13a3 3 0 0 1-4.3-4.3L5 7",
        Shape::Theme => "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
        Shape::Help => "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.7M8 12v.6",
        Shape::Closer => "M8 3.5v9M3.5 8h9",
        Shape::Farther => "M3.5 8h9",
        Shape::Fit => "M2.5 3v10M13.5 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2",
        Shape::Explore => "M2 3.5h4l4 9h4M10 3.5h4M6 12.5H2M12 2l2 1.5L12 5M12 11l2 1.5-2 1.5",
        Shape::Knobs => "M2 5h7M12 5h2M2 11h2M7 11h7M10.5 3v4M5.5 9v4",
    };
    let class = if matches!(props.shape, Shape::Run | Shape::Stop) { "icon solid" } else { "icon" };
    html! { <svg {class} viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}
