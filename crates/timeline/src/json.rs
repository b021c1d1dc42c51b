//! JSON, written and never read: enough for a report.

/// A text of JSON that grows. After [`Json::key`] comes just one value.
#[derive(Debug, Default)]
pub(crate) struct Json {
    text: String,
}

impl Json {
    pub fn into_text(self) -> String {
        self.text
    }

    fn separate(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[', ':', ',']) {
            self.text.push(',');
        }
    }

    pub fn key(&mut self, key: &str) -> &mut Self {
        self.separate();
        self.text(key);
        self.text.push(':');
        self
    }

    pub fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.separate();
        self.text.push('{');
        fields(self);
        self.text.push('}');
    }

    pub fn list<T>(&mut self, items: &[T], each: impl Fn(&T, &mut Self)) {
        self.text.push('[');
        for item in items {
            self.separate();
            each(item, self);
        }
        self.text.push(']');
    }

    pub fn number(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.text.push_str(&number.to_string()),
            None => self.null(),
        }
    }

    /// A list of a text and a number.
    pub fn pair(&mut self, text: &str, number: u64) {
        self.text.push('[');
        self.text(text);
        self.text.push_str(&format!(",{number}]"));
    }

    /// Three decimals: ratios.
    pub fn ratio(&mut self, ratio: Option<f64>) {
        match ratio.filter(|ratio| ratio.is_finite() && *ratio >= 0.0) {
            Some(ratio) => self.text.push_str(&crate::amounts::fixed((ratio * 1000.0).round() as u64, 3)),
            None => self.null(),
        }
    }

    pub fn truth(&mut self, truth: bool) {
        self.text.push_str(if truth { "true" } else { "false" });
    }

    pub fn null(&mut self) {
        self.text.push_str("null");
    }

    pub fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub fn text(&mut self, text: &str) {
        self.text.push('"');
        for char in text.chars() {
            match char {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                char if char < ' ' => self.text.push_str(&format!("\\u{:04x}", char as u32)),
                char => self.text.push(char),
            }
        }
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_values_separated() {
        let mut json = Json::default();
        json.object(|json| {
            json.key("name").text("a \"b\"\n\u{1}");
            json.key("wall_ns").number(None);
            json.key("lanes").list(&[1, 2], |n, json| json.number(Some(*n)));
            json.key("ratio").ratio(Some(0.53));
        });
        assert_eq!(json.into_text(), r#"{"name":"a \"b\"\n\u0001","wall_ns":null,"lanes":[1,2],"ratio":0.530}"#);
    }
}
