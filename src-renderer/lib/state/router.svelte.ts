/** @file Which view is on screen: the window's own history is the state. */
import { hrefOf, parentOf, parseRoute } from './routes.ts';
import type { Route } from './routes.ts';

export class Router {
  #route = $state.raw<Route>(parseRoute(window.location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.#route = parseRoute(window.location.hash)));
  }

  get route(): Route {
    return this.#route;
  }

  go(route: Route): void {
    window.location.hash = hrefOf(route);
  }

  /** Show another state of the same view, without a step in the history. */
  replace(route: Route): void {
    window.history.replaceState(null, '', hrefOf(route));
    this.#route = route;
  }

  /** One level up; false when there is none. */
  up(): boolean {
    const parent = parentOf(this.#route);
    if (parent) this.go(parent);
    return parent !== undefined;
  }
}
