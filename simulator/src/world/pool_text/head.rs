//! The beginning of a pool text, kept without copying it.

use std::sync::Arc;

use super::chunk::Chunk;

/// First lines of a pool as it was.
#[derive(Clone, Debug)]
pub struct Head {
    chunks: Vec<Arc<Chunk>>,
    bytes: usize,
    /// Whether the last line of the whole text has no newline.
    is_open: bool,
}

impl Head {
    pub(super) fn new(chunks: Vec<Arc<Chunk>>, bytes: usize, is_open: bool) -> Self {
        Self {
            chunks,
            bytes,
            is_open,
        }
    }

    /// Bytes of the whole text.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Bytes that are kept, shared or not.
    pub fn size(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes()).sum()
    }

    /// Appends whole lines to `out` until it is longer than `limit`.
    pub fn append_to(&self, out: &mut String, limit: usize) {
        let start = out.len();
        for (_, line) in self.chunks.iter().flat_map(|chunk| chunk.lines()) {
            if out.len() > limit {
                return;
            }
            out.push_str(line);
            out.push('\n');
        }
        if self.is_open && out.len() - start > self.bytes {
            out.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::PoolText;

    #[test]
    fn a_head_is_the_beginning_of_the_text() {
        let text: String = (0..300)
            .map(|n| format!("free,w,{n:016x},8G,,,,\n"))
            .collect();
        let mut pool = PoolText::new(&text);
        let head = pool.head(4_096);
        pool.edit(None, |_| Some(None));
        let mut out = String::new();
        head.append_to(&mut out, 4_096);
        assert!(out.len() > 4_096 && text.starts_with(&out), "{out}");
        assert_eq!(head.len(), text.len());
        let mut all = String::new();
        PoolText::new("a\nb").head(4_096).append_to(&mut all, 4_096);
        assert_eq!(all, "a\nb");
    }
}
