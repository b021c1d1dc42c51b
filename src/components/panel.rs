//! The tabs below the timeline.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use super::compare_view::CompareView;
use super::lesson_view::LessonView;
use super::log_view::LogView;
use super::picture_view::PictureView;
use super::program_view::ProgramView;
use super::report_view::ReportView;
use super::source_view::SourceView;
use super::table_view::TableView;
use crate::browser;
use crate::hooks::SessionHandle;
use crate::session::{Action, Shown, Ticket, View};
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
    pub bench: Rc<Workbench>,
    pub growth: u32,
}

/// What the panels show.
#[derive(PartialEq, Properties)]
pub struct ViewProps {
    pub session: SessionHandle,
    pub bench: Rc<Workbench>,
    /// The run.
    pub ticket: Option<Ticket>,
    /// Changes when its recording has grown.
    pub growth: u32,
}

/// The one run whose figures are shown; of a comparison the one that runs, or its last.
pub fn ticket_shown(session: &SessionHandle) -> Option<Ticket> {
    match &session.shown {
        Shown::Nothing => None,
        Shown::Run { ticket, .. } => Some(*ticket),
        Shown::Comparison => {
            let attempts = session.comparison.as_ref()?.attempts.iter();
            attempts.filter_map(|(_, attempt)| attempt.ticket()).next_back()
        }
    }
}

fn tab_id(view: View) -> String {
    format!("tab-{}", view.id())
}

#[component]
pub fn Panel(props: &Props) -> Html {
    let Props { session, bench, growth } = props;
    let present = session.view;
    let choose = |view: View| {
        let dispatcher = session.dispatcher();
        move |_: MouseEvent| dispatcher.dispatch(Action::ViewChosen(view))
    };
    let onkeydown = {
        let (dispatcher, views) = (session.dispatcher(), session.views());
        move |event: KeyboardEvent| {
            let at = views.iter().position(|view| *view == present).unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % views.len(),
                "ArrowLeft" => (at + views.len() - 1) % views.len(),
                "Home" => 0,
                "End" => views.len() - 1,
                _ => return,
            };
            event.prevent_default();
            dispatcher.dispatch(Action::ViewChosen(views[to]));
            let tab = browser::document().and_then(|document| document.get_element_by_id(&tab_id(views[to])));
            if let Some(tab) = tab.and_then(|tab| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(tab).ok()) {
                let _ = tab.focus();
            }
        }
    };
    let tab = |view: View| {
        let selected = view == present;
        html! {
            <button type="button" role="tab" id={tab_id(view)} aria-controls="panel"
                aria-selected={if selected { "true" } else { "false" }} tabindex={if selected { "0" } else { "-1" }}
                onclick={choose(view)}>{ view.title() }</button>
        }
    };
    let ticket = ticket_shown(session);
    html! {
        <section class="panel" aria-label="Results">
            <div class="tabs" role="tablist" aria-label="Results" {onkeydown}>{ for session.views().into_iter().map(tab) }</div>
            <div class="panel-body" id="panel" role="tabpanel" aria-labelledby={tab_id(present)} tabindex="0">
                // It stays while another panel is in front, with all that can be undone.
                if session.spec.is_python() {
                    <div class="program-place" hidden={present != View::Program}>
                        <ProgramView session={session.clone()} bench={bench.clone()} {ticket} {growth} />
                    </div>
                }
                { match present {
                    View::Program => html! {},
                    View::Lesson => html! { <LessonView session={session.clone()} /> },
                    View::Source => html! { <SourceView session={session.clone()} bench={bench.clone()} {ticket} {growth} /> },
                    View::Report => html! { <ReportView session={session.clone()} bench={bench.clone()} {ticket} {growth} /> },
                    View::Picture => html! { <PictureView bench={bench.clone()} {ticket} {growth} /> },
                    View::Log => html! { <LogView session={session.clone()} bench={bench.clone()} {ticket} {growth} /> },
                    View::Table => html! { <TableView bench={bench.clone()} {ticket} {growth} /> },
                    View::Compare => html! { <CompareView session={session.clone()} bench={bench.clone()} {growth} /> },
                } }
            </div>
        </section>
    }
}
