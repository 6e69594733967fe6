// Makes the replica set "asysta" and its accounts; whatever is there stays as it is. Run by mongosh in the network of the first node, see compose.yaml.
const fs = require("fs");
const secret = (name) => fs.readFileSync("/run/secrets/" + name, "utf8").trim();

const admin = connect("mongodb://127.0.0.1:27017/admin?directConnection=true");

function signIn() {
  try {
    return admin.auth("root", secret("mongo-root.password")).ok === 1;
  } catch (e) {
    return false; // no such account yet, or another password: the first step below then says which
  }
}

if (!signIn()) {
  // A set without accounts lets its own machine make the set and the first account, and nothing else.
  try {
    // Not rs.initiate: under --nodb mongosh's own helpers know no connection, "admin" alone does.
    admin.adminCommand({
      replSetInitiate: {
        _id: "asysta",
        members: [
          { _id: 0, host: "mongo1:27017", priority: 2 },
          { _id: 1, host: "mongo2:27017", priority: 1 },
          { _id: 2, host: "mongo3:27017", priority: 1 },
        ],
      },
    });
  } catch (e) {
    if (e.codeName !== "AlreadyInitialized") {
      throw e;
    }
  }
  for (let i = 0; !admin.hello().isWritablePrimary; i++) {
    if (i === 120) {
      throw new Error("mongo1 has not become the primary within a minute");
    }
    sleep(500);
  }
  admin.createUser({ user: "root", pwd: secret("mongo-root.password"), roles: ["root"] });
  if (!signIn()) {
    throw new Error("the account that was just made cannot sign in");
  }
}

const set = connect(
  "mongodb://root:" + encodeURIComponent(secret("mongo-root.password")) + "@mongo1,mongo2,mongo3/admin?replicaSet=asysta",
);
const asysta = set.getSiblingDB("asysta");
if (!asysta.getUser("asysta")) {
  asysta.createUser({
    user: "asysta",
    pwd: secret("mongo-asysta.password"),
    roles: [{ role: "readWrite", db: "asysta" }], // its own collections and indexes, and no accounts
  });
}
print("replica set and accounts are there");
