//! The page's state as a query of its address, and back: what a reload or a shared link shows again.
//!
//! A link never starts anything. Parameters that are not the page's own, such as `isolation=off`, are passed
//! through as they came.

use interleave_protocol::{Field, Lesson, Problem, RunSpec};

use crate::session::View;

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them, in the order in which one follows the other.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// Its name in links and in the document.
    pub const fn id(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The one with that name in links.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.id() == id)
    }
}

/// What an address says.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The lesson that is open.
    pub lesson: Option<&'static Lesson>,
    /// A lesson that there is not.
    pub unknown_lesson: Option<String>,
    /// What to run.
    pub spec: RunSpec,
    /// What was said badly.
    pub problems: Vec<Problem>,
    /// The panel in front.
    pub view: View,
    /// Light or dark.
    pub theme: Theme,
    /// The Python program, packed.
    pub program: Option<String>,
    /// Others' parameters, in their order.
    pub others: Vec<(String, String)>,
    /// Whether it says anything about the page's state: not so on a first visit.
    pub says_something: bool,
}

const LESSON: &str = "lesson";
const VIEW: &str = "view";
const THEME: &str = "theme";
const PROGRAM: &str = "program";

/// The panel in front, unless an address says otherwise.
fn view_at_first(lesson: Option<&Lesson>, spec: &RunSpec) -> View {
    match lesson {
        Some(_) => View::Lesson,
        None if spec.is_python() => View::Program,
        None => View::default(),
    }
}

impl Link {
    /// From a query, with or without its question mark, on a machine of so many cores.
    pub fn read(query: &str, cores: u32) -> Self {
        let named = form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
            .find(|(key, _)| key == LESSON)
            .map(|(_, name)| name.into_owned());
        let lesson = named.as_deref().and_then(Lesson::from_id);
        let (spec, problems) = match lesson {
            Some(lesson) => lesson.spec(cores).with_query(query, cores),
            None => RunSpec::from_query(query, cores),
        };
        let lesson = lesson.filter(|lesson| lesson.is_about(&spec));
        let unknown = named.filter(|name| Lesson::from_id(name).is_none());
        let mut link = Self {
            lesson,
            unknown_lesson: unknown.map(|name| name.chars().take(40).collect()),
            spec,
            problems,
            view: view_at_first(lesson, &spec),
            theme: Theme::default(),
            program: None,
            others: Vec::new(),
            says_something: false,
        };
        for (key, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match key.as_ref() {
                LESSON => link.says_something = true,
                VIEW => {
                    let view = View::from_id(&value).filter(|view| view.is_there(lesson, &spec));
                    link.view = view.unwrap_or(view_at_first(lesson, &spec));
                    link.says_something = true;
                }
                THEME => link.theme = Theme::from_id(&value).unwrap_or_default(),
                PROGRAM if spec.is_python() => link.program = Some(value.into_owned()),
                key if Field::ALL.iter().any(|field| field.id() == key) => link.says_something = true,
                key => link.others.push((key.to_owned(), value.into_owned())),
            }
        }
        link
    }

    /// As a query, without the question mark.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(lesson) = self.lesson {
            query.append_pair(LESSON, lesson.id);
        }
        let mut query = query.finish();
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&self.spec.to_query());
        let mut rest = form_urlencoded::Serializer::new(String::new());
        if self.view != view_at_first(self.lesson, &self.spec) {
            rest.append_pair(VIEW, self.view.id());
        }
        if self.theme != Theme::default() {
            rest.append_pair(THEME, self.theme.id());
        }
        if let Some(program) = &self.program {
            rest.append_pair(PROGRAM, program);
        }
        for (key, value) in &self.others {
            rest.append_pair(key, value);
        }
        let rest = rest.finish();
        if !rest.is_empty() {
            query.push('&');
            query.push_str(&rest);
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::{Model, Workload};
    use proptest::prelude::*;

    #[test]
    fn a_first_visit_says_nothing() {
        for query in ["", "?", "?isolation=off", "?theme=dark"] {
            assert!(!Link::read(query, 2).says_something, "{query}");
        }
        assert!(Link::read("?workload=blur", 2).says_something);
        assert!(Link::read("?view=log", 2).says_something);
    }

    #[test]
    fn others_parameters_pass_through() {
        let link = Link::read("?isolation=off&workload=blur&model=tasks&view=log&x=a%20b", 2);
        assert_eq!(link.others, [("isolation".into(), "off".into()), ("x".into(), "a b".into())]);
        assert_eq!(
            link.to_query(),
            "workload=blur&model=tasks&size=2048&tasks=16&workers=2&chunking=dynamic&start=cold&view=log&isolation=off&x=a+b"
        );
    }

    #[test]
    fn a_lesson_opens_by_its_name_and_keeps_what_the_visitor_changed() {
        let link = Link::read("?lesson=race", 2);
        assert_eq!(
            (link.lesson.map(|it| it.id), link.spec.workload, link.view),
            (Some("race"), Workload::Race, View::Lesson)
        );
        let link = Link { spec: RunSpec { size: 7, seed: Some(3), ..link.spec }, view: View::Log, ..link };
        assert_eq!(link.to_query(), "lesson=race&workload=race&model=threads&size=7&tasks=2&seed=3&view=log");
        assert_eq!(Link::read(&link.to_query(), 8), link);
    }

    #[test]
    fn a_lesson_that_there_is_not_is_told_and_another_workload_closes_one() {
        assert_eq!(Link::read("?lesson=knitting", 2).unknown_lesson.as_deref(), Some("knitting"));
        let link = Link::read("?lesson=race&workload=pi", 2);
        assert_eq!((link.lesson, link.spec.workload, link.view), (None, Workload::Pi, View::Report));
    }

    #[test]
    fn every_lesson_survives_its_link() {
        for lesson in Lesson::ALL {
            let link = Link::read(&format!("lesson={}", lesson.id), 2);
            assert_eq!(Link::read(&link.to_query(), 2), link);
            assert_eq!(link.spec, lesson.spec(2));
        }
    }

    #[test]
    fn a_bad_view_or_theme_is_the_default_one() {
        let link = Link::read("?view=nothing&theme=pink", 2);
        assert_eq!((link.view, link.theme), (View::Report, Theme::System));
    }

    proptest! {
        #[test]
        fn a_state_survives_its_link(
            workload in proptest::sample::select(Workload::ALL),
            model in proptest::sample::select(Model::ALL),
            view in proptest::sample::select(&View::ALL[..]),
            theme in proptest::sample::select(&Theme::ALL[..]),
            other in "[a-z]{20}",
            value in ".{0,20}",
        ) {
            let model = workload.info().only.unwrap_or(model);
            let spec = RunSpec { model, ..RunSpec::new(workload, 4) };
            let view = if view.is_there(None, &spec) { view } else { View::Report };
            let link = Link { lesson: None, unknown_lesson: None, spec, problems: vec![], view, theme, program: spec.is_python().then(|| "S04sKM5RBAA".into()), others: vec![(other, value)], says_something: true };
            prop_assert_eq!(Link::read(&link.to_query(), 2), link);
        }

        #[test]
        fn any_address_is_read_without_a_panic(query in ".{0,200}") {
            let link = Link::read(&query, 2);
            let again = Link::read(&link.to_query(), 2);
            prop_assert_eq!((again.spec, again.view, again.others), (link.spec, link.view, link.others));
        }
    }
}
