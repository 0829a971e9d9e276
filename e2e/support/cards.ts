/** The office that issues a hospital's smart cards, and a list of those that are blocked. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BrowserContextOptions } from "@playwright/test";
import type { Person } from "./hospital.ts";
import { freePort } from "./process.ts";

const DOMAIN = "hospital.example";

export class CardOffice {
  readonly #folder: string;
  readonly #lists: Server;
  readonly #port: number;

  private constructor(folder: string, lists: Server, port: number) {
    this.#folder = folder;
    this.#lists = lists;
    this.#port = port;
  }

  static async open(): Promise<CardOffice> {
    const folder = await mkdtemp(join(tmpdir(), "wardline-cards-"));
    const lists = createServer(async (_, response) => {
      response.end(await readFile(join(folder, "cards.crl")));
    }).listen(0, "127.0.0.1");
    await once(lists, "listening");
    const office = new CardOffice(folder, lists, await freePort());
    await writeFile(join(folder, "office.cnf"), OFFICE);
    await writeFile(join(folder, "index.txt"), "");
    await writeFile(join(folder, "crlnumber"), "01\n");
    await office.#openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -config office.cnf " +
        "-extensions authority -keyout ca.key -out ca.pem",
    );
    await office.#openssl("ca -gencrl -config office.cnf -out list.pem");
    await office.#openssl("crl -in list.pem -outform DER -out cards.crl");
    return office;
  }

  /** Below a hospital's configuration: it takes this office's cards. */
  get config(): string[] {
    return [
      "[cards]",
      `listen = "127.0.0.1:${this.#port}"`,
      `anchors = "${join(this.#folder, "ca.pem")}"`,
      `mapping = [{ by = "upn", domain = "${DOMAIN}", strip = true }]`,
    ];
  }

  /** A card of this person's, in the reader of a browser. */
  async issue({ user }: Person): Promise<BrowserContextOptions> {
    const address = this.#lists.address();
    if (typeof address !== "object" || address === null) {
      throw new Error("the office is closed");
    }
    const extensions = [
      "basicConstraints = critical,CA:FALSE",
      "keyUsage = critical,digitalSignature",
      "extendedKeyUsage = clientAuth",
      // That of PIV authentication.
      "certificatePolicies = 2.16.840.1.101.3.2.1.3.13",
      `subjectAltName = otherName:1.3.6.1.4.1.311.20.2.3;UTF8:${user}@${DOMAIN}`,
      `crlDistributionPoints = URI:http://127.0.0.1:${address.port}/cards.crl`,
    ];
    await writeFile(join(this.#folder, `${user}.ext`), extensions.join("\n"));
    await this.#openssl(
      "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Card " +
        `-config office.cnf -keyout ${user}.key -out ${user}.csr`,
    );
    await this.#openssl(
      `x509 -req -days 20 -CA ca.pem -CAkey ca.key -in ${user}.csr -out ${user}.pem ` +
        `-extfile ${user}.ext`,
    );
    const cert = await readFile(join(this.#folder, `${user}.pem`));
    const key = await readFile(join(this.#folder, `${user}.key`));
    const origin = `https://localhost:${this.#port}`;
    return { ignoreHTTPSErrors: true, clientCertificates: [{ origin, cert, key }] };
  }

  async #openssl(line: string): Promise<void> {
    await promisify(execFile)("openssl", line.split(" "), { cwd: this.#folder });
  }

  async close(): Promise<void> {
    this.#lists.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const OFFICE = `[req]
distinguished_name = name
prompt = no
[name]
CN = Harbour Clinic Cards
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature
subjectKeyIdentifier = hash
[ca]
default_ca = office
[office]
database = index.txt
certificate = ca.pem
private_key = ca.key
crlnumber = crlnumber
default_md = sha256
default_crl_days = 7
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
`;
