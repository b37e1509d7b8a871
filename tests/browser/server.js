/** The program itself, with a database of its own. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SESSRUM = fileURLToPath(new URL("../../target/debug/sessrum", import.meta.url));

export const PASSWORD = "correct horse battery staple";
/** What ada can be in, the first one by default. */
export const PLATFORMS = ["Photos", "News", "Videos"];

/** Passwords cost next to nothing, and nothing comes from this machine's configuration. */
const ENVIRONMENT = {
  SESSRUM_PASSWORD__MEMORY_KIB: "64",
  SESSRUM_PASSWORD__PASSES: "1",
  SESSRUM_JOBS__SHUTDOWN_GRACE: "1s",
};

/** @type {Promise<string> | undefined} a directory with a database, made once */
let made;

/**
 * Runs a command of the operator's.
 * @param {string} directory where the database is
 * @param {string[]} words
 * @param {string} [input]
 * @returns {Promise<string>} what it printed
 */
function command(directory, words, input) {
  return new Promise((resolve, reject) => {
    const options = { cwd: directory, env: ENVIRONMENT };
    const running = execFile(SESSRUM, words, options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    // Nothing to say is not written: a command that reads nothing may be gone by then.
    running.stdin?.end(input);
  });
}

/** Makes a database where `ada` has three platforms, and `root` is an administrator. */
async function makeDatabase() {
  const directory = await mkdtemp(join(tmpdir(), "sessrum-made-"));
  process.on("exit", () => rmSync(directory, { recursive: true }));
  await command(directory, ["migrate"]);
  for (const [name, role] of [["ada", "reviewer"], ["root", "admin"]]) {
    const words = ["--email", `${name}@example.org`, "--role", role, "--password-stdin"];
    await command(directory, ["user", "add", name, ...words], PASSWORD);
  }
  for (const name of PLATFORMS) {
    const words = ["--type", "pixelfed", "--instance-url", `https://${name}.example`];
    await command(directory, ["platform", "add", "ada", "--name", name, "--username", "ada", ...words]);
  }
  return directory;
}

export class Server {
  #directory;
  #settings;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  /** The last lines of its log. */
  log = /** @type {string[]} */ ([]);
  port = 0;

  /**
   * @param {string} directory
   * @param {Record<string, string>} settings
   */
  constructor(directory, settings) {
    this.#directory = directory;
    this.#settings = settings;
  }

  /**
   * A server behind `publicUrl`, with these `SESSRUM_…` variables.
   * @param {string} publicUrl
   * @param {Record<string, string>} settings
   */
  static async start(publicUrl, settings) {
    made ??= makeDatabase();
    const directory = await mkdtemp(join(tmpdir(), "sessrum-"));
    await cp(await made, directory, { recursive: true });
    const server = new Server(directory, { ...settings, SESSRUM_PUBLIC_URL: publicUrl });
    await server.run();
    return server;
  }

  /** Runs it, at the port it had before. */
  async run() {
    const running = spawn(SESSRUM, ["serve", "--listen", `127.0.0.1:${this.port}`], {
      cwd: this.#directory,
      env: { ...ENVIRONMENT, ...this.#settings },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = running;
    await new Promise((resolve, reject) => {
      running.once("exit", () => reject(new Error(`it did not start:\n${this.log.join("\n")}`)));
      createInterface({ input: running.stderr }).on("line", (line) => {
        this.log.push(line);
        const port = /serving address=[^ ]*:(\d+)/.exec(line)?.[1];
        if (port) resolve((this.port = Number(port)));
      });
    });
  }

  /** Stops it; the database stays. */
  async halt() {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null) return;
    running.kill("SIGTERM");
    await once(running, "exit");
  }

  /** Stops it for good. */
  async remove() {
    await this.halt();
    await rm(this.#directory, { recursive: true });
  }

  /** @param {string[]} words */
  command(...words) {
    return command(this.#directory, words);
  }
}
