//! `[[ … ]]`.

use futures_util::future::BoxFuture;

use super::ast::Condition;
use super::interpreter::Interpreter;
use super::pattern::Pattern;
use crate::hosts::coreutils::compile_expression;

impl Interpreter<'_> {
    /// Whether a condition holds, or what is wrong with it.
    pub(super) fn holds<'b>(
        &'b mut self,
        condition: &'b Condition,
    ) -> BoxFuture<'b, Result<bool, String>> {
        Box::pin(async move {
            match condition {
                Condition::Or(left, right) => {
                    Ok(self.holds(left).await? || self.holds(right).await?)
                }
                Condition::And(left, right) => {
                    Ok(self.holds(left).await? && self.holds(right).await?)
                }
                Condition::Not(inner) => Ok(!self.holds(inner).await?),
                Condition::Word(word) => Ok(!self.text(word).await.is_empty()),
                Condition::Unary(operator, word) => {
                    let operand = self.text(word).await;
                    if operator == "-v" {
                        return Ok(self.shell.variables.contains_key(&operand));
                    }
                    let words = ["test".to_owned(), operator.clone(), operand];
                    Ok(self.test(&words).await)
                }
                Condition::Binary(left, operator, right) => {
                    let left = self.text(left).await;
                    match operator.as_str() {
                        "=" | "==" | "!=" => {
                            let pattern = self.pattern(right).await;
                            let equal = Pattern::new(&pattern).matches(&left);
                            Ok(equal == (operator != "!="))
                        }
                        "=~" => {
                            let expression = self.text(right).await;
                            let expression = compile_expression(&expression)?;
                            let found = expression.captures(&left);
                            let whole = found.and_then(|f| f.get(0).map(|m| m.as_str().to_owned()));
                            let yes = whole.is_some();
                            self.assign("BASH_REMATCH", whole.unwrap_or_default());
                            Ok(yes)
                        }
                        "<" | ">" => {
                            let right = self.text(right).await;
                            Ok(if operator == "<" {
                                left < right
                            } else {
                                left > right
                            })
                        }
                        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                            let right = self.text(right).await;
                            let (Some(left), Some(right)) =
                                (self.compute(&left), self.compute(&right))
                            else {
                                return Ok(false);
                            };
                            Ok(match operator.as_str() {
                                "-eq" => left == right,
                                "-ne" => left != right,
                                "-lt" => left < right,
                                "-le" => left <= right,
                                "-gt" => left > right,
                                _ => left >= right,
                            })
                        }
                        _ => {
                            let right = self.text(right).await;
                            let words = ["test".to_owned(), left, operator.clone(), right];
                            Ok(self.test(&words).await)
                        }
                    }
                }
            }
        })
    }

    /// What the program of the same name says.
    async fn test(&mut self, words: &[String]) -> bool {
        self.machine
            .program(self.shell, words, "")
            .await
            .is_some_and(|outcome| outcome.rc == 0)
    }
}
