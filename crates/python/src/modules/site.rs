//! Requests to the page's own site: what `urllib.request` is made of.

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_site")]
mod module {
    use std::time::Duration;

    use interleave_runtime::rt::{gil, schedule};
    use interleave_runtime::span;
    use interleave_trace::State;
    use vm::builtins::{PyTupleRef, PyUtf8StrRef};
    use vm::function::ArgBytesLike;
    use vm::{PyObjectRef, PyResult, VirtualMachine};

    use crate::names;
    use crate::site::{Request, Response, Site, Unanswered, site};

    fn here(vm: &VirtualMachine) -> PyResult<Site> {
        site().ok_or_else(|| vm.new_os_error("this program is part of no site"))
    }

    /// Where addresses begin that say no site.
    #[pyfunction]
    fn base(vm: &VirtualMachine) -> PyResult<String> {
        Ok((here(vm)?.base)())
    }

    /// Asks and waits. Headers are lines, in both directions. Gives status, reason, address, headers and body.
    #[pyfunction]
    fn request(
        method: PyUtf8StrRef,
        url: PyUtf8StrRef,
        headers: PyUtf8StrRef,
        body: Option<ArgBytesLike>,
        timeout: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<PyTupleRef> {
        let ask = here(vm)?.ask;
        let timeout = crate::modules::seconds(timeout, vm)?.map(|seconds| Duration::from_secs_f64(seconds.max(0.0)));
        let request = Request {
            method: method.as_str().to_owned(),
            url: url.as_str().to_owned(),
            headers: headers.as_str().to_owned(),
            body: body.map(|body| body.with_ref(<[u8]>::to_vec)),
            timeout,
        };
        let answer = vm.allow_threads(|| match schedule::is_on() {
            // Only steps count there, so it is one.
            true => ask(&request),
            false => gil::without(|| span::while_waiting(State::Io, names::title(&request.url), || ask(&request))),
        });
        let Response { status, reason, url, headers, body } = answer.map_err(|unanswered| match unanswered {
            Unanswered::TimedOut => {
                vm.new_exception_msg(vm.ctx.exceptions.timeout_error.to_owned(), "timed out".into())
            }
            Unanswered::Failed { message } => vm.new_os_error(message),
        })?;
        Ok(vm.ctx.new_tuple(vec![
            vm.ctx.new_int(status).into(),
            vm.ctx.new_str(reason).into(),
            vm.ctx.new_str(url).into(),
            vm.ctx.new_str(headers).into(),
            vm.ctx.new_bytes(body).into(),
        ]))
    }
}
