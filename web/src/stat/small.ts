/** A set with more in it; the same one where nothing is new, so that nothing is drawn anew. */
export function together(put: ReadonlySet<string>, more: readonly string[]): ReadonlySet<string> {
  const news = more.filter((each) => each !== "" && !put.has(each));
  return news.length === 0 ? put : new Set([...put, ...news]);
}
