//! What the page's parts share beside the session: the traces, the recorder, the chart, and the loop that
//! draws it.
//!
//! There is one loop for the whole page. While something runs it looks at it by a timer, since a tab in the background
//! gets no frames, and asks for a frame now and then: what is drawn takes processors from what is measured. Otherwise it
//! asks for one when the picture is stale, so that a page at rest costs nothing. The components are told of growth a few
//! times a second, not every frame: the canvas is painted directly, and the rest is text that nobody can read faster.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::HtmlCanvasElement;
use yew::Callback;

use crate::browser;
use crate::chart::{Chart, Chosen, Layout};
use crate::engine_client;
use crate::explorer::Explorer;
use crate::painter::Painter;
use crate::recorder::Recorder;
use crate::recording::Shelf;
use crate::session::{Action, Purpose, Surroundings, UnderWay};

/// How often the components hear of growth, in milliseconds.
const TELL_EVERY_MS: f64 = 200.0;

/// How often a run is looked at, in milliseconds.
const LOOK_EVERY_MS: i32 = 16;

/// How often the picture of a run is drawn unless somebody moves it, in milliseconds times processors. To draw takes up to
/// 8 ms of processors that are being measured, where no graphics processor does it; this is a twenty-fifth of them all.
const PAINT_EVERY_MS: f64 = 200.0;

/// See the module's text.
#[derive(Default)]
pub struct Workbench {
    /// The traces.
    pub shelf: RefCell<Shelf>,
    /// The timeline as a visitor handles it.
    pub chart: RefCell<Chart>,
    recorder: RefCell<Recorder>,
    explorer: RefCell<Explorer>,
    painter: RefCell<Option<Painter>>,
    tell: RefCell<Callback<Action>>,
    grown: RefCell<Callback<()>>,
    told_ms: Cell<f64>,
    painted_ms: Cell<f64>,
    told_selection: Cell<Option<Chosen>>,
    frame: RefCell<Option<Closure<dyn FnMut()>>>,
    frame_asked: Cell<bool>,
    glance: RefCell<Option<Closure<dyn FnMut()>>>,
    glance_asked: Cell<bool>,
}

impl Workbench {
    /// An empty one, which tells `tell` what happened to runs and `grown` that there is more to see.
    pub fn new(tell: Callback<Action>, grown: Callback<()>) -> Rc<Self> {
        let bench = Rc::new(Self::default());
        bench.tell.replace(tell);
        bench.grown.replace(grown);
        let weak = Rc::downgrade(&bench);
        let frame = Closure::new(move || {
            if let Some(bench) = weak.upgrade() {
                bench.frame_asked.set(false);
                bench.work();
            }
        });
        bench.frame.replace(Some(frame));
        let weak = Rc::downgrade(&bench);
        let glance = Closure::new(move || {
            if let Some(bench) = weak.upgrade() {
                bench.glance_asked.set(false);
                bench.look();
                if browser::now_ms() - bench.painted_ms.get() >= PAINT_EVERY_MS / f64::from(engine_client::cores()) {
                    bench.ask_for_frame();
                }
                bench.look_later();
            }
        });
        bench.glance.replace(Some(glance));
        bench
    }

    /// Starts what the session asks for.
    pub fn start(self: &Rc<Self>, wanted: UnderWay, program: Rc<str>, here: Surroundings) {
        let weak = Rc::downgrade(self);
        let wake = Callback::from(move |()| {
            if let Some(bench) = weak.upgrade() {
                bench.look();
            }
        });
        if wanted.purpose == Purpose::Explored {
            self.explorer.borrow_mut().start(wanted, program, wake);
        } else if let (Ok(mut recorder), Ok(mut shelf)) = (self.recorder.try_borrow_mut(), self.shelf.try_borrow_mut())
        {
            recorder.start(&mut shelf, wanted, program, here, wake);
        }
        self.ask_for_frame();
        self.look_later();
    }

    /// Ends the run's workers at once.
    pub fn stop(&self) {
        if let Ok(mut recorder) = self.recorder.try_borrow_mut() {
            recorder.stop();
        }
        if let Ok(mut explorer) = self.explorer.try_borrow_mut() {
            explorer.stop();
        }
        self.look();
    }

    /// Gives the lane that asked its line, or the end of all input.
    pub fn answer(&self, line: Option<&str>) {
        if let Ok(mut recorder) = self.recorder.try_borrow_mut() {
            recorder.answer(line);
        }
    }

    /// Takes in what was recorded. Does nothing while it is being done: a wake may come in the middle of it.
    fn look(&self) {
        let mut news = match (self.recorder.try_borrow_mut(), self.shelf.try_borrow_mut()) {
            (Ok(mut recorder), Ok(mut shelf)) => recorder.look(&mut shelf, browser::now_ms()),
            _ => return,
        };
        if let Ok(mut explorer) = self.explorer.try_borrow_mut() {
            news.extend(explorer.look());
        }
        if news.is_empty() {
            return;
        }
        self.touch();
        let tell = self.tell.borrow().clone();
        news.into_iter().for_each(|action| tell.emit(action));
        self.tell_growth();
    }

    fn is_running(&self) -> bool {
        self.recorder.try_borrow().is_ok_and(|recorder| recorder.is_running())
            || self.explorer.try_borrow().is_ok_and(|explorer| explorer.is_running())
    }

    fn work(&self) {
        let running = self.is_running();
        if running {
            self.look();
        }
        let now = browser::now_ms();
        if running && now - self.told_ms.get() >= TELL_EVERY_MS {
            self.tell_growth();
        }
        self.paint(running, now);
    }

    fn paint(&self, running: bool, now_ms: f64) {
        let (Ok(shelf), Ok(mut chart), Ok(mut painter)) =
            (self.shelf.try_borrow(), self.chart.try_borrow_mut(), self.painter.try_borrow_mut())
        else {
            return;
        };
        if !running && !chart.is_stale {
            return;
        }
        let Some(painter) = painter.as_mut() else { return };
        chart.catch_up(&shelf);
        painter.paint(&chart, &shelf);
        chart.is_stale = false;
        self.painted_ms.set(now_ms);
        if !running {
            let (from, to) = (chart.view().start_ns, chart.view().end_ns());
            painter.describe(&format!("In view: {:.3} ms to {:.3} ms.", from / 1e6, to / 1e6));
        }
    }

    /// Chooses a span, brings it into view and lets all parts of the page know.
    pub fn choose(&self, chosen: Chosen) {
        self.chart.borrow_mut().go_to(&self.shelf.borrow(), chosen);
        self.touch();
        self.tell_selection();
    }

    /// Lets the parts of the page beside the timeline know if another span is chosen than they know of.
    pub fn tell_selection(&self) {
        let selected = self.chart.borrow().selected;
        if self.told_selection.replace(selected) != selected {
            self.tell_growth();
        }
    }

    fn tell_growth(&self) {
        self.told_ms.set(browser::now_ms());
        let grown = self.grown.borrow().clone();
        grown.emit(());
    }

    /// The picture is stale: draws it with the next frame.
    pub fn touch(&self) {
        if let Ok(mut chart) = self.chart.try_borrow_mut() {
            chart.is_stale = true;
        }
        self.ask_for_frame();
    }

    /// Colours have changed.
    pub fn restyle(&self) {
        if let Ok(mut painter) = self.painter.try_borrow_mut()
            && let Some(painter) = painter.as_mut()
        {
            painter.forget_palette();
        }
        self.touch();
    }

    /// The canvas is there.
    pub fn attach(&self, canvas: HtmlCanvasElement) {
        self.painter.replace(Painter::new(canvas));
        self.measure();
    }

    /// The canvas may have another size.
    pub fn measure(&self) {
        let canvas = self.painter.borrow().as_ref().map(|painter| painter.canvas().clone());
        let Some(canvas) = canvas else { return };
        let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        if width >= 1.0 && height >= 1.0 {
            let rem = browser::rem();
            let changed = self.chart.borrow().layout.rem != rem;
            self.chart.borrow_mut().resize(&self.shelf.borrow(), Layout { width, height, rem });
            if changed {
                self.restyle();
            }
            self.touch();
        }
    }

    fn look_later(&self) {
        if !self.is_running() || self.glance_asked.get() {
            return;
        }
        let glance = self.glance.borrow();
        if let (Some(window), Some(glance)) = (browser::window(), glance.as_ref()) {
            let glance = glance.as_ref().unchecked_ref();
            let asked = window.set_timeout_with_callback_and_timeout_and_arguments_0(glance, LOOK_EVERY_MS);
            self.glance_asked.set(asked.is_ok());
        }
    }

    fn ask_for_frame(&self) {
        if self.frame_asked.replace(true) {
            return;
        }
        let frame = self.frame.borrow();
        if let (Some(window), Some(frame)) = (browser::window(), frame.as_ref()) {
            let asked = window.request_animation_frame(frame.as_ref().unchecked_ref());
            self.frame_asked.set(asked.is_ok());
        }
    }
}

impl PartialEq for Workbench {
    /// There is one for the page.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
