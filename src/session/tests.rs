use proptest::prelude::*;

use interleave_protocol::{Switch, Wrong};

use super::*;

const HERE: Surroundings = Surroundings { cores: 2, isolated: true, missing: None };

fn session(query: &str, surroundings: Surroundings) -> Session {
    Session::new(surroundings, Link::read(query, surroundings.cores))
}

fn set(session: Session, field: Field, value: &str) -> Session {
    session.after(Action::FieldSet(field, value.to_owned()))
}

fn finished(wall_ns: u64) -> Ending {
    Ending::Finished(Measured { wall_ns, checked: true, summary: "42".to_owned() })
}

fn ticket(session: &Session) -> Ticket {
    session.under_way.map_or(0, |run| run.ticket)
}

#[test]
fn a_bad_value_is_told_and_changes_nothing() {
    let before = session("?workload=blur", HERE);
    let after = set(before.clone(), Field::Size, "17 million");
    assert_eq!(after.spec, before.spec);
    assert!(after.problem(Field::Size).is_some_and(|text| text.contains("17 million")));
    assert_eq!(set(after, Field::Size, "512").problems, []);
}

#[test]
fn another_workload_clears_the_problems_of_its_numbers_only() {
    let mut it = set(session("", HERE), Field::Size, "0");
    it = set(it, Field::Workers, "65");
    it = set(it, Field::Workload, "pi");
    assert_eq!(it.problem(Field::Size), None);
    assert!(it.problem(Field::Workers).is_some());
}

#[test]
fn a_link_does_not_start_by_itself() {
    let it = session("?workload=pi&model=sequential&view=log", HERE);
    assert_eq!((it.under_way, &it.shown, it.view), (None, &Shown::Nothing, View::Log));
    assert_eq!(
        it.link().to_query(),
        "workload=pi&model=sequential&size=400000&tasks=16&workers=2&chunking=dynamic&start=cold&view=log"
    );
}

#[test]
fn a_bad_link_is_told_beside_the_controls_and_in_the_log() {
    let it = session("?workload=blur&size=big", HERE);
    assert!(it.problem(Field::Size).is_some());
    assert_eq!(it.log.len(), 1);
}

#[test]
fn a_first_visit_shows_a_run_and_leaves_the_address_alone() {
    let it = session("", HERE).after(Action::VisitorCame);
    assert_eq!(it.under_way.map(|run| (run.purpose, run.spec.model)), Some((Purpose::FirstVisit, Model::Threads)));
    assert!(!it.linked);
    let plain = session("", Surroundings { isolated: false, ..HERE }).after(Action::VisitorCame);
    assert_eq!(plain.under_way.map(|run| run.spec.model), Some(Model::Processes));
}

#[test]
fn a_late_word_from_an_older_run_changes_nothing() {
    let first = session("", HERE).after(Action::RunPressed);
    let old = ticket(&first);
    let second = first.after(Action::RunEnded(old, Ending::Stopped)).after(Action::RunPressed);
    assert_eq!(second.clone().after(Action::RunEnded(old, finished(1))), second);
    assert_eq!(second.clone().after(Action::StageReached(old, Stage::Running)), second);
}

#[test]
fn threads_that_cannot_run_say_so() {
    let it = session("?model=threads", Surroundings { isolated: false, ..HERE }).after(Action::RunPressed);
    assert_eq!(it.under_way, None);
    assert_eq!(it.status, Said { tone: Tone::Bad, text: NO_THREADS.to_owned() });
}

#[test]
fn a_sequential_run_is_the_baseline_of_its_own_work_only() {
    let mut it = session("?workload=pi&model=sequential", HERE).after(Action::RunPressed);
    let run = ticket(&it);
    it = it.after(Action::RunEnded(run, finished(900)));
    it = set(it, Field::Model, "threads");
    assert_eq!(it.baseline(&it.spec).map(|baseline| baseline.wall_ns), Some(900));
    it = set(it, Field::Size, "1000");
    assert_eq!(it.baseline(&it.spec), None);
}

#[test]
fn a_comparison_runs_the_models_in_turn() {
    let mut it = session("?workload=pi&model=tasks", HERE).after(Action::ComparePressed);
    let mut models = Vec::new();
    while let Some(run) = it.under_way {
        models.push(run.spec.model);
        it = it.after(Action::RunEnded(run.ticket, finished(u64::from(run.ticket))));
    }
    assert_eq!(models, Model::ALL);
    assert!(it.comparison.as_ref().is_some_and(Comparison::is_over));
    assert_eq!((it.view, &it.shown), (View::Compare, &Shown::Comparison));
    assert_eq!(it.spec.model, Model::Tasks);
}

#[test]
fn a_comparison_goes_on_after_a_failure_and_ends_at_stop() {
    let mut it = session("?workload=pi", Surroundings { isolated: false, ..HERE }).after(Action::ComparePressed);
    let failed = Ending::Failed { lane: "host".into(), sentence: "It broke".into(), advice: "Mend it." };
    it = it.clone().after(Action::RunEnded(ticket(&it), failed));
    assert_eq!(it.under_way.map(|run| run.spec.model), Some(Model::Processes));
    it = it.clone().after(Action::RunEnded(ticket(&it), Ending::Stopped));
    assert_eq!(it.under_way, None);
    assert!(it.comparison.is_some_and(|comparison| comparison.is_over()));
}

#[test]
fn a_bad_file_loses_nothing() {
    let before = session("", HERE).after(Action::RunPressed);
    let refused = Action::FileRefused { name: "cat.png".into(), sentence: "This file is not a run.".into() };
    let after = before.clone().after(refused);
    assert_eq!((after.shown, after.under_way), (before.shown, before.under_way));
    assert_eq!(after.status.text, "cat.png: This file is not a run.");
}

fn fields() -> impl Strategy<Value = Action> {
    (proptest::sample::select(&Field::ALL[..]), "[a-z]{0,4}|[0-9]{1,9}|sequential|threads|processes|tasks|blur|pi|warm")
        .prop_map(|(field, value)| Action::FieldSet(field, value))
}

fn actions() -> impl Strategy<Value = Action> {
    let ticket = 0u32..8;
    prop_oneof![
        3 => fields(),
        2 => Just(Action::RunPressed),
        1 => Just(Action::VisitorCame),
        1 => Just(Action::ComparePressed),
        1 => (ticket.clone(), proptest::sample::select(&[Stage::Loading, Stage::Preparing, Stage::Running][..]))
            .prop_map(|(ticket, stage)| Action::StageReached(ticket, stage)),
        3 => (ticket.clone(), prop_oneof![Just(Ending::Stopped), (1u64..99).prop_map(finished)])
            .prop_map(|(ticket, ending)| Action::RunEnded(ticket, ending)),
        1 => proptest::sample::select(&View::ALL[..]).prop_map(Action::ViewChosen),
        1 => "[a-z=&0-9]{0,20}".prop_map(|query| Action::LinkFollowed(Link::read(&query, 2))),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_state_makes_sense(
        isolated in any::<bool>(),
        actions in proptest::collection::vec(actions(), 0..60),
    ) {
        let mut it = session("", Surroundings { isolated, ..HERE });
        let mut last = 0;
        for action in actions {
            let before = it.clone();
            it = it.after(action.clone());
            // The controls always name something that can be linked to.
            prop_assert_eq!(RunSpec::from_query(&it.spec.to_query(), 2).0, RunSpec { record: it.spec.record, ..it.spec });
            // Tickets only grow, and a run keeps its own.
            if let Some(run) = it.under_way {
                prop_assert!(run.ticket >= last);
                prop_assert!(isolated || run.spec.model != Model::Threads);
                prop_assert!(it.tickets_in_use().contains(&run.ticket));
                last = run.ticket;
            }
            // A comparison has one attempt a model, and at most one that runs.
            if let Some(comparison) = &it.comparison {
                let models: Vec<_> = comparison.attempts.iter().map(|(model, _)| *model).collect();
                prop_assert_eq!(models, Model::ALL);
                let running = comparison.attempts.iter().filter(|(_, it)| matches!(it, Attempt::Running(_))).count();
                prop_assert_eq!(running, usize::from(it.is_comparing()));
                prop_assert!(it.is_comparing() || comparison.is_over());
            }
            // One message a control, and a refused value changes nothing.
            for field in Field::ALL {
                prop_assert!(it.problems.iter().filter(|problem| problem.field == field).count() <= 1);
            }
            if let Action::FieldSet(field, _) = action
                && it.problem(field).is_some()
            {
                prop_assert_eq!(it.spec, before.spec);
            }
            prop_assert!(it.log.len() <= LONGEST_LOG);
        }
    }
}

#[test]
fn a_reload_shows_the_run_again_if_the_address_still_asks_for_it() {
    let it = session("?workload=pi&model=tasks", HERE);
    let kept = |spec| Action::RunKept { spec, ticket: KEPT_TICKET };
    let shown = it.clone().after(kept(it.spec)).shown;
    assert_eq!(shown, Shown::Run { ticket: KEPT_TICKET, spec: it.spec, source: Source::BeforeReload });
    let other = RunSpec { size: 7, ..it.spec };
    assert_eq!(it.clone().after(kept(other)).shown, Shown::Nothing, "another link was followed");
    let first = session("", HERE);
    assert_eq!(first.clone().after(kept(first.spec)).shown, Shown::Nothing, "a first visit records its own");
}

#[test]
fn exploring_shows_nothing_until_something_went_wrong_and_then_replays_that() {
    let asked = session("?workload=race", HERE).after(Action::ExplorePressed);
    assert_eq!(asked.under_way.map(|run| (run.purpose, run.spec.size)), Some((Purpose::Explored, EXPLORED_SIZE)));
    assert_eq!(asked.shown, Shown::Nothing);
    let switches = vec![Switch { step: 3, lane: 1 }];
    let finding = Finding {
        seed: 17,
        tried: 17,
        switches: switches.clone(),
        switches_at_first: 40,
        wrong: Wrong::Check,
        summary: "3 of 40 additions were lost".to_owned(),
    };
    let found = asked.clone().after(Action::Explored(ticket(&asked), Exploration::Found(finding.clone())));
    assert_eq!(
        found.under_way.map(|run| (run.purpose, run.spec.switches)),
        Some((Purpose::Asked, Switches::new(&switches)))
    );
    assert!(found.link().to_query().contains("switches=3.1"), "{}", found.link().to_query());
    assert!(
        found.status.text.contains("under seed 17 it goes wrong (3 of 40 additions were lost); 1 decision of the 40")
    );

    let long = Finding { switches: vec![Switch::default(); 100], ..finding };
    let found = asked.clone().after(Action::Explored(ticket(&asked), Exploration::Found(long)));
    assert_eq!(found.under_way.map(|run| (run.spec.seed, run.spec.switches)), Some((Some(17), None)));

    let nothing = asked.clone().after(Action::Explored(ticket(&asked), Exploration::Nothing { tried: 1_000 }));
    assert_eq!((nothing.under_way, nothing.status.tone), (None, Tone::Good));
}

#[test]
fn what_cannot_take_turns_is_not_explored() {
    let it = session("?workload=blur", HERE).after(Action::ExplorePressed);
    assert_eq!((it.under_way, it.status.tone), (None, Tone::Bad));
}

#[test]
fn a_lesson_brings_its_own_settings_and_another_workload_closes_it() {
    let race = Lesson::from_id("race").expect("a lesson");
    let mut it = session("?workload=blur", HERE).after(Action::LessonChosen(race));
    assert_eq!((it.lesson, it.spec.workload, it.view), (Some(race), Workload::Race, View::Lesson));
    it = set(it, Field::Size, "10");
    assert_eq!(it.lesson, Some(race), "its knobs are the visitor's");
    it = set(it, Field::Workload, "pi");
    assert_eq!((it.lesson, it.view, it.spec.workers), (None, View::Report, 2));
    assert!(!it.views().contains(&View::Lesson));
}

#[test]
fn an_answer_is_told_once_the_runs_are_there() {
    let race = Lesson::from_id("race").expect("a lesson");
    let mut it = session("", HERE).after(Action::LessonChosen(race)).after(Action::AnswerPicked(1));
    assert!(matches!(it.reply(), Some(Reply::Run(_))));
    for wall_ns in [1_000, 2_000] {
        it = it.after(Action::RunPressed);
        let run = ticket(&it);
        let lost = Measured { wall_ns, checked: false, summary: format!("{wall_ns} lost") };
        it = it.after(Action::RunEnded(run, Ending::Finished(lost)));
        assert_eq!(it.status.tone, Tone::Warning, "an accident that is shown is no failure");
    }
    assert!(matches!(it.reply(), Some(Reply::Told { right: true, .. })), "{:?}", it.reply());
}

#[test]
fn programs_that_cannot_run_here_say_so() {
    let plain = Surroundings { isolated: false, ..HERE };
    assert_eq!(session("?lesson=race", plain).obstacle(), Some(NO_THREADS));
    assert_eq!(session("?lesson=value-array", plain).obstacle(), Some(NO_SEGMENT));
    assert_eq!(session("?lesson=pool-map", plain).obstacle(), None);
    assert_eq!(session("?lesson=pool-map&seed=1", plain).obstacle(), Some(NO_TURNS));
    assert_eq!(session("?lesson=pool-map", plain).cannot_explore(), Some(NO_TURNS));
    assert_eq!(session("?lesson=coroutines&seed=1", plain).obstacle(), None);
    assert_eq!(session("?lesson=coroutines", plain).cannot_explore(), None);
    assert_eq!(session("?lesson=coroutines", plain).obstacle(), None);
    assert_eq!(session("?workload=pi&model=processes", plain).obstacle(), None);
}

#[test]
fn a_program_has_nothing_to_compare() {
    let it = session("?lesson=race", HERE).after(Action::ComparePressed);
    assert_eq!((it.under_way, it.comparison), (None, None));
}

#[test]
fn the_survey_measures_a_row_and_stays_a_lesson() {
    let it = session("?lesson=which-when", HERE);
    let spec = crate::lesson::survey(&it.history)[1].spec;
    let it = it.after(Action::SurveyPressed(spec));
    assert_eq!((it.spec.workload, it.view), (Workload::Timers, View::Lesson));
    assert!(it.is_comparing() && it.lesson.is_some());
}

#[test]
fn a_python_program_has_a_panel_of_its_own_and_none_for_what_it_has_not() {
    let it = set(session("?workload=pi&view=source", HERE), Field::Workload, "python");
    assert_eq!(it.view, View::Program);
    assert_eq!(it.views(), [View::Program, View::Report, View::Log, View::Table]);
    let it = set(it, Field::Workload, "pi");
    assert_eq!(it.view, View::Report);
    assert!(!it.views().contains(&View::Program));
}

#[test]
fn a_lesson_has_two_languages_and_its_tabs_choose_between_them() {
    let race = Lesson::from_id("race").expect("there is one");
    let it = session("?lesson=race&size=50", HERE);
    assert_eq!(it.views().last_chunk(), Some(&[View::Source, View::Program]));
    let it = it.after(Action::ViewChosen(View::Program));
    assert_eq!((it.lesson, it.spec.workload), (Some(race), Workload::Python));
    assert!(it.obstacle().is_some(), "its program is on its way");
    let it = it.after(Action::LessonProgram(race, Some("print(1)".into())));
    assert_eq!((&*it.program.text, it.obstacle()), ("print(1)", None));
    let link = it.link().to_query();
    assert!(link.contains("lesson=race") && !link.contains("program="), "{link}");

    let it = it.after(Action::ProgramWritten("print(2)".into()));
    let rust = it.clone().after(Action::ViewChosen(View::Source));
    assert_eq!((rust.lesson, rust.spec.workload), (Some(race), Workload::Race));
    let python = rust.after(Action::ViewChosen(View::Program));
    assert_eq!(&*python.program.text, "print(2)", "what was written stays");

    let own = set(it, Field::Workload, "python");
    assert_eq!((own.lesson, own.program.lesson, &*own.program.text), (None, None, FIRST_PROGRAM));
}

#[test]
fn what_a_lessons_program_printed_answers_its_question() {
    let race = Lesson::from_id("race").expect("there is one");
    let it = session("?lesson=race", HERE).after(Action::ViewChosen(View::Program));
    let it = it.after(Action::LessonProgram(race, Some("print(1)".into()))).after(Action::AnswerPicked(0));
    assert!(matches!(it.reply(), Some(Reply::Run(_))));
    let it = it.after(Action::RunPressed);
    let ticket = it.under_way.expect("it runs").ticket;
    let it = it.after(Action::RunEnded(ticket, finished(5)));
    assert!(matches!(it.reply(), Some(Reply::Told { ref numbers, .. }) if numbers.contains("42")), "{:?}", it.reply());
}

#[test]
fn a_lessons_program_that_does_not_come_says_so_and_a_link_goes_before_it() {
    let race = Lesson::from_id("race").expect("there is one");
    let it = session("?lesson=race&workload=python", HERE).after(Action::LessonProgram(race, None));
    assert_eq!(it.status.tone, Tone::Warning);
    let it = session("?lesson=race&workload=python&program=S04sKM5RBAA", HERE);
    let it = it.after(Action::LessonProgram(race, Some("print(1)".into())));
    let it = it.after(Action::ProgramUnpacked("S04sKM5RBAA".to_owned(), Some("pass".into())));
    assert_eq!((&*it.program.text, &*it.program.original), ("pass", "print(1)"));
    let broken = session("?lesson=race&workload=python&program=broken", HERE);
    let broken = broken.after(Action::ProgramUnpacked("broken".to_owned(), None));
    assert!(broken.obstacle().is_some());
    let broken = broken.after(Action::LessonProgram(race, Some("print(1)".into())));
    assert_eq!((&*broken.program.text, broken.obstacle()), ("print(1)", None));
}

#[test]
fn the_program_of_a_link_is_run_once_it_is_read() {
    let it = session("?workload=python&program=S04sKM5RBAA", HERE);
    assert!(it.obstacle().is_some());
    let it = it.after(Action::RunPressed);
    assert!(it.is_idle());
    let it = it.after(Action::ProgramUnpacked("S04sKM5RBAA".to_owned(), Some("pass".into())));
    assert_eq!((&*it.program.text, it.obstacle()), ("pass", None));
    let linked = it.link().to_query();
    assert!(linked.contains("program=S04sKM5RBAA"), "{linked}");
    let it = it.after(Action::ProgramWritten("pass\n".into()));
    assert!(!it.link().to_query().contains("program="), "a text that is not packed yet is in no link");
    // A late word about the text before it changes nothing.
    let it = it.after(Action::ProgramPacked("pass".into(), "old".to_owned()));
    assert_eq!(it.program.packed, None);
}

#[test]
fn a_link_whose_program_cannot_be_read_says_so_and_leaves_what_was_there() {
    let it = session("?workload=python&program=broken", HERE).after(Action::ProgramUnpacked("broken".to_owned(), None));
    assert_eq!((&*it.program.text, it.obstacle()), (FIRST_PROGRAM, None));
    assert_eq!(it.status.tone, Tone::Warning);
}

#[test]
fn a_draft_gives_way_to_a_link() {
    let draft = || Action::DraftFound("draft".into());
    assert_eq!(&*session("?workload=python", HERE).after(draft()).program.text, "draft");
    let linked = session("?workload=python&program=S04sKM5RBAA", HERE).after(draft());
    assert_eq!(&*linked.program.text, FIRST_PROGRAM);
}

#[test]
fn a_line_of_a_traceback_brings_the_program_to_the_front() {
    let it = session("?workload=python&view=log", HERE).after(Action::LineChosen(4)).after(Action::LineChosen(4));
    assert_eq!((it.view, it.program.line), (View::Program, (4, 2)));
}

#[test]
fn a_program_from_a_file_is_the_visitors_own() {
    let it = session("?lesson=race", HERE);
    let it = it.after(Action::ProgramOpened { name: "mine.py".to_owned(), text: "print(1)".into() });
    assert_eq!((it.lesson, it.spec.workload, it.view), (None, Workload::Python, View::Program));
    assert_eq!((&*it.program.text, it.obstacle()), ("print(1)", None));
    assert_eq!(it.status.text, "Opened mine.py.");
}
