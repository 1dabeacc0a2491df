/** The names of the DOM that the types of playwright-core mention: our tests run without the DOM's own types. */
interface Node {}
interface HTMLElement {}
interface SVGElement {}
interface HTMLElementTagNameMap {}
