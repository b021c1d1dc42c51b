//! A run within somebody else's page: the parts of the page that its author asked for, one below the other.
//!
//! What to show is in the address (`show=code,timeline,output,report,controls`), beside what the page's own links say. The
//! document that this is in, `www/embed.html`, speaks with the page around it: see `embed/player.js`.

use yew::prelude::*;

use super::knobs::Knobs;
use super::log_view::LogView;
use super::model_switch::ModelSwitch;
use super::panel::ticket_shown;
use super::program_view::ProgramView;
use super::report_view::ReportView;
use super::run_bar::RunBar;
use super::source_view::SourceView;
use super::state_bar::Patterns;
use super::timeline_view::TimelineView;
use crate::browser;
use crate::hooks::{
    use_asked, use_keys, use_link, use_program, use_ready, use_runs, use_session, use_theme, use_workbench,
};
use crate::session::{Session, run_title};

/// What is shown where the address does not say.
const SHOWN: &str = "code,timeline,output";

/// What the browser lets this page do, as one word and a sentence.
fn mode(session: &Session) -> (&'static str, &'static str) {
    let here = &session.surroundings;
    match (here.missing, here.isolated) {
        (Some(missing), _) => ("recorded", missing),
        (None, true) => {
            ("live with threads", "Everything runs here, on this machine: threads, processes and async tasks.")
        }
        (None, false) => (
            "live without threads",
            "Processes, async tasks and one Python process run here, on this machine. Threads need a page of their own.",
        ),
    }
}

/// See the module's text.
#[component]
pub fn Player() -> Html {
    let session = use_session();
    let (bench, growth) = use_workbench(&session);
    use_program(&session);
    use_link(&session);
    use_theme(session.theme, &bench);
    use_runs(&session, &bench);
    use_keys(&session, &bench, Callback::noop());
    use_asked(&session, &bench);
    use_ready();
    let said = |key: &str| session.others.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let shown = said("show").unwrap_or(SHOWN);
    let shows = |part: &str| shown.split(',').any(|it| it.trim() == part);
    let lesson = session.lesson.map(|lesson| lesson.title);
    let title = said("title").or(lesson).map_or_else(|| run_title(&session.spec), str::to_owned);
    let ticket = ticket_shown(&session);
    let (mode, sentence) = mode(&session);
    let is_python = session.spec.is_python();
    // What is shown of it is the player's business.
    let mut page = session.link();
    page.others.clear();
    let classes = classes!("player", (!session.is_idle()).then_some("busy"), (!shows("controls")).then_some("plain"));
    html! {
        <main class={classes}>
            <Patterns />
            <header class="player-head">
                <h1>{ title }</h1>
                <RunBar session={session.clone()} bench={bench.clone()} />
            </header>
            if shows("controls") {
                <div class="player-controls">
                    if !is_python {
                        <ModelSwitch session={session.clone()} />
                    }
                    <Knobs session={session.clone()} open={true} />
                </div>
            }
            <p class={session.status.tone.class()} role="status" aria-live="polite">{ &session.status.text }</p>
            if is_python && (shows("code") || shows("output")) {
                <div class={classes!("player-program", (!shows("code")).then_some("no-code"), (!shows("output")).then_some("no-output"))}>
                    <ProgramView session={session.clone()} bench={bench.clone()} {ticket} {growth} />
                </div>
            } else if shows("code") {
                <section class="player-source" aria-label="Source" tabindex="0">
                    <SourceView session={session.clone()} bench={bench.clone()} {ticket} {growth} />
                </section>
            }
            if shows("timeline") {
                <TimelineView session={session.clone()} bench={bench.clone()} {growth} />
            }
            if shows("output") && !is_python {
                <section class="player-output" aria-label="Output" tabindex="0">
                    <LogView session={session.clone()} bench={bench.clone()} {ticket} {growth} />
                </section>
            }
            if shows("report") {
                <section class="player-report" aria-label="Report" tabindex="0">
                    <ReportView session={session.clone()} bench={bench.clone()} {ticket} {growth} />
                </section>
            }
            <footer class="player-foot">
                <span class="mode" title={sentence}><strong>{ mode }</strong><span class="unseen">{ sentence }</span></span>
                <a href={browser::page_address(&page.to_query())} target="_blank" rel="noopener">{ "Open in Interleave" }</a>
            </footer>
        </main>
    }
}
