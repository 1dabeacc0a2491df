/** Makes parts of a page. What is given as text stays text, and never becomes markup. */

const maxShown = 200;

/** An element with a class and content. */
export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

/** Adds to a log, and scrolls along with a reader who is at its end. */
export function append(log, entry) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(entry);
  while (log.children.length > maxShown) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}
