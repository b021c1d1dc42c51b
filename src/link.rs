//! The page's state as a query of its address, and back: what a reload or a shared link shows again.
//!
//! A link never starts anything. Parameters that are not the page's own, such as `isolation=off`, are passed
//! through as they came.

use interleave_protocol::{Field, Problem, RunSpec};

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

    fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.id() == id)
    }
}

/// What an address says.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// What to run.
    pub spec: RunSpec,
    /// What was said badly.
    pub problems: Vec<Problem>,
    /// The panel in front.
    pub view: View,
    /// Light or dark.
    pub theme: Theme,
    /// Others' parameters, in their order.
    pub others: Vec<(String, String)>,
    /// Whether it says anything about the page's state: not so on a first visit.
    pub says_something: bool,
}

const VIEW: &str = "view";
const THEME: &str = "theme";

impl Link {
    /// From a query, with or without its question mark, on a machine of so many cores.
    pub fn read(query: &str, cores: u32) -> Self {
        let (spec, problems) = RunSpec::from_query(query, cores);
        let mut link = Self {
            spec,
            problems,
            view: View::default(),
            theme: Theme::default(),
            others: Vec::new(),
            says_something: false,
        };
        for (key, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match key.as_ref() {
                VIEW => {
                    link.view = View::from_id(&value).unwrap_or_default();
                    link.says_something = true;
                }
                THEME => link.theme = Theme::from_id(&value).unwrap_or_default(),
                key if Field::ALL.iter().any(|field| field.id() == key) => link.says_something = true,
                key => link.others.push((key.to_owned(), value.into_owned())),
            }
        }
        link
    }

    /// As a query, without the question mark.
    pub fn to_query(&self) -> String {
        let mut query = self.spec.to_query();
        let mut rest = form_urlencoded::Serializer::new(String::new());
        if self.view != View::default() {
            rest.append_pair(VIEW, self.view.id());
        }
        if self.theme != Theme::default() {
            rest.append_pair(THEME, self.theme.id());
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
            let link = Link { spec, problems: vec![], view, theme, others: vec![(other, value)], says_something: true };
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
