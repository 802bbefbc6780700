//! Which node is a z/VM system's zHCP, as xCAT's tables say it.

use super::call::Call;
use super::client::Client;
use super::error::CallError;
use super::table::Table;
use crate::types::NodeName;

impl Client {
    /// The zHCP's node of a z/VM system; `None` when no node is known by the name in its `hcp` attribute.
    ///
    /// # Errors
    /// The definition of the system or the table cannot be read.
    pub async fn zhcp_of(&self, host: &NodeName) -> Result<Option<NodeName>, CallError> {
        let done = self
            .call(&Call::NodeDefinition { node: host.clone() })
            .await?;
        let mut lines = done.answer.output();
        match lines.find_map(|line| line.trim().strip_prefix("hcp=")) {
            Some(hcp) => self.zhcp_named(hcp).await,
            None => Ok(None),
        }
    }

    /// The node whose own name is the first label of the `hcp` attribute and that names itself there.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn zhcp_named(&self, hcp: &str) -> Result<Option<NodeName>, CallError> {
        let label = hcp.split('.').next().unwrap_or_default();
        let table = Table::parse(&self.call(&Call::Table { table: "zvm" }).await?.answer);
        let found = table
            .rows()
            .find(|row| row.get("hcp") == hcp && row.get("node").eq_ignore_ascii_case(label));
        Ok(found.and_then(|row| row.get("node").parse().ok()))
    }
}
