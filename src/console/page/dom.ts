/** Elements, made without ever reading text as markup. */

export type Child = Node | string | number | undefined | false
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, [])
}

/** An element of index.html. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no ${id}`)
  return element as T
}

export function replace(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren(...children.flatMap(toNode))
}

/** Says nothing new to a screen reader, and costs no layout, when nothing changed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Told once to those who do not see the page. */
export function announce(text: string): void {
  setText(byId('announce'), text)
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.flatMap(toNode))
  return element
}

function toNode(child: Child): (Node | string)[] {
  if (child === undefined || child === false) return []
  return [typeof child === 'number' ? String(child) : child]
}
