//! Where a request ends in the stream of bytes (spec: rest-and-xcatd 3.2).

/// Longest request that is read; a longer one closes the connection.
const LONGEST: usize = 16 * 1024 * 1024;
const BEGIN: &[u8] = b"<xcatrequest>";
const END: &[u8] = b"</xcatrequest>";
/// Bytes that may follow the first line before the beginning must have been seen.
const PATIENCE: usize = 15;

/// What the bytes so far amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// One whole request.
    Request(Vec<u8>),
    /// Not yet one.
    More,
    /// Nothing that xcatd would go on with.
    Close,
}

/// Bytes that arrived and belong to no request yet.
#[derive(Debug, Default)]
pub(super) struct Framing {
    bytes: Vec<u8>,
    /// Length of the first line, once it is there.
    first_line: Option<usize>,
    /// Up to where the end was looked for.
    searched: usize,
}

impl Framing {
    /// Adds what arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether more has arrived than any request may have.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() > LONGEST
    }

    /// Whether nothing has arrived of the next request.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether a whole request to stop the running command has arrived.
    pub(super) fn holds_abort(&self) -> bool {
        find(&self.bytes, b"<abortcommand").is_some() && find(&self.bytes, END).is_some()
    }

    /// Takes the next request out; `ended` when the client sends nothing more.
    ///
    /// The first line is awaited before anything is looked at: without a newline nothing happens (RQ31).
    pub(super) fn next(&mut self, ended: bool) -> Framed {
        if self.is_full() {
            return Framed::Close;
        }
        let first_line = match self.first_line {
            Some(length) => length,
            None => match self.bytes.iter().position(|b| *b == b'\n') {
                Some(at) => at + 1,
                None if ended && !self.bytes.is_empty() => self.bytes.len(),
                None if ended => return Framed::Close,
                None => return Framed::More,
            },
        };
        self.first_line = Some(first_line);
        let from = self.searched.saturating_sub(END.len());
        if let Some(at) = find(&self.bytes[from..], END) {
            let end = from + at + END.len();
            let rest = self.bytes.split_off(end);
            let request = std::mem::replace(&mut self.bytes, rest);
            let blank = self.bytes.iter().take_while(|b| b.is_ascii_whitespace());
            let blank = blank.count();
            self.bytes.drain(..blank);
            self.first_line = None;
            self.searched = 0;
            return Framed::Request(request);
        }
        self.searched = self.bytes.len();
        let began = self.bytes.len() > first_line + PATIENCE && find(&self.bytes, BEGIN).is_none();
        if ended || began {
            Framed::Close
        } else {
            Framed::More
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framing(bytes: &str) -> Framing {
        let mut framing = Framing::default();
        framing.push(bytes.as_bytes());
        framing
    }

    #[test]
    fn rq31_without_a_newline_nothing_happens() {
        let whole = "<xcatrequest><command>x</command></xcatrequest>";
        let mut one = framing(whole);
        assert_eq!(one.next(false), Framed::More);
        one.push(b"\n");
        assert_eq!(one.next(false), Framed::Request(whole.into()));
        assert!(one.is_empty());
        assert_eq!(framing(whole).next(true), Framed::Request(whole.into()));
    }

    #[test]
    fn requests_follow_each_other() {
        let mut two = framing("<xcatrequest>\n</xcatrequest>\n<xcatrequest>\n<a/></xcatrequest>\n");
        assert_eq!(
            two.next(false),
            Framed::Request(b"<xcatrequest>\n</xcatrequest>".to_vec())
        );
        assert_eq!(
            two.next(false),
            Framed::Request(b"<xcatrequest>\n<a/></xcatrequest>".to_vec())
        );
        assert_eq!(two.next(false), Framed::More);
    }

    #[test]
    fn what_is_no_request_closes_the_connection() {
        assert_eq!(framing("GET / HTTP/1.1\nHost: x").next(false), Framed::More);
        assert_eq!(
            framing("GET / HTTP/1.1\nHost: example.com\n").next(false),
            Framed::Close
        );
        // Attributes are tolerated only once the end is there.
        assert_eq!(
            framing("<xcatrequest a='1'>\n<command>lsxcatd</command>").next(false),
            Framed::Close
        );
        let whole = "<?xml version='1.0'?>\n<xcatrequest a='1'></xcatrequest>";
        assert_eq!(framing(whole).next(false), Framed::Request(whole.into()));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            bytes in r"(<xcatrequest>|</xcatrequest>|\n|[a-z<>/ ]{0,9}){0,12}",
            cut in 0usize..200,
        ) {
            // The rule of patience is one on reads; only what it lets through is compared.
            let mut whole = framing(&bytes);
            let mut pieces = Framing::default();
            let at = cut.min(bytes.len());
            pieces.push(&bytes.as_bytes()[..at]);
            let early = pieces.next(false);
            if early == Framed::More {
                pieces.push(&bytes.as_bytes()[at..]);
                prop_assert_eq!(pieces.next(false), whole.next(false));
            }
        }
    }
}
