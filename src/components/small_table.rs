//! A table of texts that fits where others are: its first column names what the row is about.

use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub caption: &'static str,
    pub heads: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

#[component]
pub fn SmallTable(props: &Props) -> Html {
    html! {
        <div class="small-table" tabindex="0" role="region" aria-label={props.caption}>
            <table>
                <caption>{ props.caption }</caption>
                <thead><tr>{ for props.heads.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }</tr></thead>
                <tbody>
                    { for props.rows.iter().map(|row| html! {
                        <tr>
                            { for row.iter().enumerate().map(|(at, cell)| if at == 0 {
                                html! { <th scope="row">{ cell }</th> }
                            } else {
                                html! { <td>{ cell }</td> }
                            }) }
                        </tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}
