/** An application that shares its site with the server, and what may stand between the two. */

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, createServer, request as send } from "node:http";

const PAGE = await readFile(new URL("application.html", import.meta.url));

/**
 * What is done with a request in place of passing it on at once. Its answer can be kept until later.
 * @typedef {(pass: (until?: Promise<void>) => void, request: import("node:http").IncomingMessage,
 *   response: import("node:http").ServerResponse) => void} Rule
 */

/** Hangs up. @type {Rule} */
export const hangUp = (_pass, _request, response) => response.destroy();

/** What a proxy answers whose server is away. @type {Rule} */
export const unavailable = (_pass, _request, response) => response.writeHead(503).end("away");

/** What a proxy does that waits for the end of an answer: nothing for a stream. @type {Rule} */
export const silence = (_pass, _request, response) =>
  void response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();

export class Front {
  #agent = new Agent({ keepAlive: true });
  /** @type {Map<string, Rule>} */
  #rules = new Map();
  #server = createServer((request, response) => this.#answer(request, response));
  /** Each request for the server, as `GET /path`. @type {string[]} */
  requests = [];
  /** Where the server listens. */
  port = 0;
  url = "";

  static async start() {
    const front = new Front();
    front.#server.listen(0, "127.0.0.1");
    await once(front.#server, "listening");
    const address = /** @type {import("node:net").AddressInfo} */ (front.#server.address());
    front.url = `http://127.0.0.1:${address.port}`;
    return front;
  }

  /**
   * Treats requests for a path by a rule, or by none.
   * @param {string} path
   * @param {Rule} [rule]
   */
  treat(path, rule) {
    if (rule) this.#rules.set(path, rule);
    else this.#rules.delete(path);
  }

  /**
   * Keeps requests for a path waiting. The function lets them go on.
   * @param {string} path
   * @returns {() => void}
   */
  hold(path) {
    /** @type {(() => void)[]} */
    const waiting = [];
    this.treat(path, (pass) => void waiting.push(pass));
    return () => {
      this.treat(path);
      for (const pass of waiting) pass();
    };
  }

  /**
   * How many requests there were for a path.
   * @param {string} path
   */
  count(path) {
    return this.requests.filter((request) => request.endsWith(` ${path}`)).length;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  #answer(request, response) {
    const path = new URL(request.url ?? "/", this.url).pathname;
    if (path === "/app") {
      response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
      return;
    }
    this.requests.push(`${request.method} ${path}`);
    const pass = (/** @type {Promise<void>} */ until = Promise.resolve()) => this.#pass(request, response, until);
    const rule = this.#rules.get(path);
    if (rule) rule(pass, request, response);
    else pass();
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   * @param {Promise<void>} until
   */
  #pass(request, response, until) {
    const { method, url, headers } = request;
    const { port } = this;
    const sent = send({ port, method, path: url, headers, agent: this.#agent }, async (answer) => {
      await until;
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    sent.on("error", () => response.destroy());
    response.on("close", () => sent.destroy());
    request.pipe(sent);
  }
}
