/*!
 * webprinter.js - prints from a web page: com.strato.Webprinter, with send() and subscribe().
 * SPDX-License-Identifier: Apache-2.0
 *
 * Plain ES5 without dependencies; this file is the build. Types: webprinter.d.ts. How to use it: README.md beside it.
 *
 *   Webprinter   the two public methods
 *   Link         calls, events, reconnecting: what stays when a connection goes
 *   race         tries the ways to a server (rungs) and keeps the first that answers
 *   openSocket   one connection over WebSocket
 *   openPoll     one connection over long polling, where there is no WebSocket
 */
(function (root, factory) {
    "use strict";
    var Webprinter = factory(root);
    var com = (root.com = root.com || {});
    com.strato = com.strato || {};
    com.strato.Webprinter = Webprinter;
    if (typeof define === "function" && define.amd) {
        define([], function () { return Webprinter; });
    } else if (typeof module === "object" && module.exports) {
        module.exports = Webprinter;
    }
})(typeof self !== "undefined" ? self : typeof global !== "undefined" ? global : this, function (root) {
    "use strict";

    var HOST = "127.0.0.1";
    var PORT = 39899;
    var TLS_PORT = 39900;
    var PROTOCOL = "webprinter.v1";

    /* Milliseconds. */
    var TIMEOUT = 30000;
    var LARGE_FACTOR = 4; // a call with a large document may take that many times longer
    var STAGGER = 1500; // head start of each rung before the next one is tried beside it
    var GREETING = 10000; // from an open connection to the server's HELLO
    var ATTEMPT = 60000; // for one rung as a whole: a person may be reading the browser's question
    var PING_EVERY = 25000;
    var DEAD_AFTER = 60000;
    var POLL_TIMEOUT = 40000; // the server holds a poll for 25 s
    var FIRST_WAIT = 500;
    var LONGEST_WAIT = 15000;
    var SETTLED = 5000; // a connection that lived this long, or answered, was a good one
    var BUSY_WAIT = 2000;
    var REMEMBERED = 24 * 3600 * 1000;

    var MAX_WAITING = 1000; // calls
    var LARGE = 1024 * 1024; // characters of base64 that travel as an upload
    var UPLOAD_TRIES = 3;

    /* Commands that put something on paper: they carry a key, so that sending one again never prints again. */
    var PRINTING = { newPrintTask: true, newPrintTaskBatch: true, retryTask: true, testPrint: true };

    /* Why there is no connection: reason -> what a person can do about it. */
    var REASONS = {
        "agent-absent": "Printbus does not answer on this computer: start it, or install it.",
        "permission-denied":
            "The browser does not let this page reach programs on this computer: allow \"Local network access\" " +
            "for this site in the browser's site settings, then reload the page.",
        "page-not-secure":
            "The browser lets only https pages reach programs on this computer: serve this page over https, or go through a relay.",
        "origin-not-approved": "This site may not print on this computer yet: an administrator must add its origin to the allowed ones.",
        "not-paired": "This page is not paired with a computer: enter the pairing code shown there, or log in again.",
        "connection-lost": "The connection to Printbus was lost; it is being made again.",
        refused: "Printbus refused the connection."
    };

    /* Close codes of a WebSocket and statuses of HTTP that refuse a token -> our reason. All others are accidents, or told by diagnose. */
    var REFUSALS = { 4400: "refused", 4401: "not-paired", 4403: "refused", 401: "not-paired" };

    /* ---------------------------------------------------------------- small things */

    function nothing() {}

    function later(run) {
        setTimeout(run, 0);
    }

    function now() {
        return new Date().getTime();
    }

    function isObject(value) {
        return typeof value === "object" && value !== null && Object.prototype.toString.call(value) !== "[object Array]";
    }

    /** An object from JSON, or null: what a server sends is never trusted to be anything. */
    function parse(text) {
        try {
            var value = JSON.parse(text);
            return isObject(value) ? value : null;
        } catch (error) {
            return null;
        }
    }

    /** 128 random bits in hexadecimal. */
    function random() {
        var crypto = root.crypto || root.msCrypto;
        var text = "";
        var i;
        if (crypto && crypto.getRandomValues && typeof Uint8Array === "function") {
            var bytes = crypto.getRandomValues(new Uint8Array(16));
            for (i = 0; i < 16; i++) text += (bytes[i] + 256).toString(16).slice(1);
            return text;
        }
        for (i = 0; i < 8; i++) text += (Math.floor(Math.random() * 65536) + 65536).toString(16).slice(1);
        return text;
    }

    /** A page's own memory; where the browser forbids it, nothing is remembered. */
    var memory = {
        read: function (name) {
            try {
                return root.localStorage.getItem("webprinter:" + name);
            } catch (error) {
                return null;
            }
        },
        write: function (name, value) {
            try {
                if (value === null) root.localStorage.removeItem("webprinter:" + name);
                else root.localStorage.setItem("webprinter:" + name, value);
            } catch (error) {
                /* private windows, sandboxed frames, full stores: it works without */
            }
        }
    };

    /** How long a text is in UTF-8. */
    function bytesOf(text) {
        return encodeURIComponent(text).replace(/%../g, "x").length;
    }

    function isLoopback(host) {
        return host === "localhost" || /\.localhost$/.test(host) || /^127\./.test(host) || host === "::1" || host === "[::1]";
    }

    /** `https://host:port` of an address, whatever scheme of the two families and path it has. Throws on nonsense. */
    function baseOf(address) {
        var match = /^(http|ws)(s?):\/\/([^\/?#\s@]+)/i.exec(String(address));
        if (!match) throw new TypeError("Webprinter: write an address such as https://print.example.com, not " + address);
        return ("http" + match[2] + "://" + match[3]).toLowerCase();
    }

    /** Tells the developer what is no error and yet never what was meant. */
    function warn(sentence) {
        if (root.console && root.console.warn) root.console.warn("Webprinter: " + sentence);
    }

    /** Calls user code; what it throws goes to the console as uncaught, and not to us. */
    function shout(callback, first, second) {
        try {
            callback(first, second);
        } catch (error) {
            setTimeout(function () { throw error; }, 0);
        }
    }

    /** `{promise, resolve, reject}`: the browser's Promise, or a small thenable where there is none. */
    function deferred() {
        var made = {};
        if (typeof root.Promise === "function") {
            made.promise = new root.Promise(function (resolve, reject) {
                made.resolve = resolve;
                made.reject = reject;
            });
            return made;
        }
        return thenable();
    }

    function thenable() {
        var state = "";
        var value;
        var waiting = [];

        function settle(to) {
            return function (what) {
                if (state) return;
                state = to;
                value = what;
                for (var i = 0; i < waiting.length; i++) later(waiting[i]);
            };
        }

        function then(onOk, onFail) {
            var next = thenable();
            function run() {
                var handler = state === "ok" ? onOk : onFail;
                if (typeof handler !== "function") return state === "ok" ? next.resolve(value) : next.reject(value);
                var result;
                try {
                    result = handler(value);
                } catch (error) {
                    return next.reject(error);
                }
                if (result && typeof result.then === "function") return result.then(next.resolve, next.reject);
                return next.resolve(result);
            }
            if (state) later(run);
            else waiting.push(run);
            return next.promise;
        }

        return {
            promise: { then: then, "catch": function (onFail) { return then(undefined, onFail); } },
            resolve: settle("ok"),
            reject: settle("failed")
        };
    }

    /** One HTTP request with JSON back: `done(status, object or null)`; status 0: nobody answered. Gives back a function that aborts. */
    function request(method, address, body, headers, timeout, done) {
        var xhr = new XMLHttpRequest();
        var over = false;

        function finish(status) {
            if (over) return;
            over = true;
            done(status, status ? parse(xhr.responseText) : null);
        }

        xhr.onload = function () { finish(xhr.status); };
        xhr.onerror = xhr.ontimeout = xhr.onabort = function () { finish(0); };
        try {
            xhr.open(method, address, true);
            xhr.timeout = timeout;
            for (var name in headers) if (headers.hasOwnProperty(name)) xhr.setRequestHeader(name, headers[name]);
            if (typeof body === "string") xhr.setRequestHeader("Content-Type", "application/json");
            xhr.send(body);
        } catch (error) {
            later(function () { finish(0); });
        }
        return function () {
            over = true;
            xhr.abort();
        };
    }

    /** `{reason, message}`, with the server's own sentence if it had one. */
    function refusal(reason, message) {
        return { reason: reason, message: message ? String(message) : REASONS[reason] };
    }

    /** What a close code or a status means; null when it is no refusal. `token`: whether one was shown. */
    function refusalOf(code, message, token) {
        if (token && (code === 403 || code === 4403)) return refusal("not-paired", message);
        return REFUSALS[code] ? refusal(REFUSALS[code], message) : null;
    }

    /* ---------------------------------------------------------------- connections
     *
     * openSocket(rung, greeting, on) and openPoll(rung, greeting, on) try one rung. They tell exactly one of
     *   on.ready(channel, welcome)   connected; welcome: {session, seq, reset, sn, version, limits}
     *   on.failed(refusal or null)   not connected
     * and after ready: on.frame(object) for each message, and once on.gone(refusal or null). They give back a function
     * that gives up quietly. A channel has send(text of one JSON frame) and close().
     */

    function openSocket(rung, greeting, on) {
        var socket;
        var hello = null;
        var ready = false;
        var over = false;
        var patience = setTimeout(function () { end(null); }, ATTEMPT);

        function drop() {
            over = true;
            clearTimeout(patience);
            if (!socket) return;
            socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
            try {
                socket.close();
            } catch (error) {
                /* it was never open */
            }
        }

        function end(why) {
            if (over) return;
            drop();
            if (ready) on.gone(why);
            else on.failed(why);
        }

        function say(text) {
            if (over) return;
            try {
                socket.send(text);
            } catch (error) {
                end(null);
            }
        }

        function welcome(resumed) {
            ready = true;
            clearTimeout(patience);
            on.ready({ send: say, close: drop }, welcomeOf(hello, resumed));
        }

        function greet(frame) {
            if (frame.command === "HELLO" && !hello && frame.session) {
                hello = frame;
                if (greeting.session) {
                    say(JSON.stringify({ command: "RESUME", session: greeting.session, lastSeq: greeting.lastSeq }));
                } else {
                    welcome(null);
                }
            } else if (frame.command === "RESUMED" && hello) {
                welcome(frame);
            }
        }

        try {
            /* A token goes in a message, never in an address or a header, which proxies write down. */
            socket = new root.WebSocket(
                rung.base.replace(/^http/, "ws") + "/webapi", rung.token ? [PROTOCOL, "webprinter.relay"] : [PROTOCOL]
            );
        } catch (error) {
            /* an insecure address on a secure page, a policy of the page: the next rung may do */
            later(function () { end(null); });
            return drop;
        }
        socket.onopen = function () {
            clearTimeout(patience);
            patience = setTimeout(function () { end(null); }, GREETING);
            if (rung.token) say(JSON.stringify({ command: "AUTH", token: rung.token }));
        };
        socket.onmessage = function (event) {
            var frame = typeof event.data === "string" ? parse(event.data) : null;
            if (!frame || over) return;
            if (ready) on.frame(frame);
            else greet(frame);
        };
        socket.onclose = function (event) {
            end(refusalOf(event.code, event.reason, rung.token && !ready));
        };
        return drop;
    }

    function openPoll(rung, greeting, on) {
        var over = false;
        var ready = false;
        var headers = { "Webapi-Session": "new" };
        var ack = "";
        var longest = Infinity;
        var outgoing = [];
        var sending = false;
        var abortPoll = nothing;
        var abortSend = nothing;
        var first = { "Webapi-Session": "new" };
        if (rung.token) first.Authorization = "Bearer " + rung.token;
        var abortOpen = request(
            "POST", rung.base + "/webapi/open", JSON.stringify(greeting.session ? { resume: greeting } : {}), first, ATTEMPT, opened
        );

        function drop() {
            if (over) return;
            over = true;
            abortOpen();
            abortPoll();
            abortSend();
        }

        function end(why) {
            if (over) return;
            drop();
            if (ready) on.gone(why);
            else on.failed(why);
        }

        function opened(status, answer) {
            abortOpen = nothing;
            if (status !== 200 || !answer || !answer.session) {
                end(answer && refusalOf(status, answer.message, rung.token));
                return;
            }
            headers = { "Webapi-Session": String(answer.session) };
            ack = String(answer.ack || "");
            ready = true;
            var welcome = welcomeOf(answer, greeting.session ? answer : null);
            longest = welcome.longest;
            on.ready({ send: say, close: close }, welcome);
            poll();
        }

        /** Hand over frames that came; false when this connection ended meanwhile. */
        function take(status, answer) {
            if (over) return false;
            if (status !== 200 || !answer || !(answer.messages instanceof Array)) {
                end(answer && refusalOf(status, answer.message, ""));
                return false;
            }
            on.frame({ command: "PONG" }); // it lives, also when it has nothing to say
            for (var i = 0; i < answer.messages.length && !over; i++) {
                if (isObject(answer.messages[i])) on.frame(answer.messages[i]);
            }
            return !over;
        }

        function poll() {
            if (over) return;
            var address = rung.base + "/webapi/poll?ack=" + encodeURIComponent(ack);
            abortPoll = request("GET", address, null, headers, POLL_TIMEOUT, function (status, answer) {
                abortPoll = nothing;
                if (!take(status, answer)) return;
                if (answer.reset) on.frame({ command: "RESET" });
                ack = String(answer.ack || ack);
                poll(); // not by a timer: those of hidden tabs are slow
            });
        }

        function say(text) {
            if (over) return;
            outgoing.push(text);
            if (!sending) {
                sending = true;
                later(flush);
            }
        }

        /* One request at a time, with all that waits and fits: what is printed first comes out first. */
        function flush() {
            if (over) return;
            var size = 0;
            var count = 0;
            while (count < outgoing.length && (size += bytesOf(outgoing[count]) + 1) <= longest) count++;
            var body = '{"messages":[' + outgoing.slice(0, count || 1).join(",") + "]}";
            abortSend = request("POST", rung.base + "/webapi/send", body, headers, TIMEOUT * LARGE_FACTOR, function (status, answer) {
                abortSend = nothing;
                if (status === 429 || status === 503) {
                    setTimeout(flush, BUSY_WAIT);
                    return;
                }
                outgoing.splice(0, count || 1);
                if (!take(status, answer)) return;
                sending = outgoing.length > 0;
                if (sending) flush();
            });
        }

        function close() {
            drop();
            request("POST", rung.base + "/webapi/close", "{}", headers, TIMEOUT, nothing);
        }

        return drop;
    }

    /** A server's greeting as both transports tell it; `resumed` is what it said about the old session, if there was one. */
    function welcomeOf(hello, resumed) {
        var limits = isObject(hello.limits) ? hello.limits : {};
        var from = resumed || hello;
        return {
            session: String(from.session || hello.session),
            seq: typeof from.seq === "number" ? from.seq : 0,
            reset: !resumed || resumed.reset !== false,
            sn: hello.sn,
            version: hello.version,
            /* A frame may travel inside the body of a request; calls that run on after a resume count beside those sent again. */
            longest: typeof limits.message === "number" ? limits.message - 64 : Infinity,
            atOnce: typeof limits.requests === "number" ? Math.max(1, Math.floor(limits.requests / 2)) : 32
        };
    }

    /* ---------------------------------------------------------------- the ladder */

    /** The ways to a server, best first, for these options on this page: `{id, group, kind, base, token}`. */
    function rungsFor(options, page) {
        var rungs = [];

        function add(group, bases, token) {
            var kinds = options.transports;
            for (var k = 0; k < kinds.length; k++) {
                for (var b = 0; b < bases.length; b++) {
                    if (kinds[k] === "websocket" && typeof root.WebSocket === "undefined") continue;
                    rungs.push({ id: kinds[k] + " " + bases[b], group: group, kind: kinds[k], base: bases[b], token: token });
                }
            }
        }

        if (options.url) {
            add("url", [options.url], tokenFor(options, options.url));
        } else {
            /* A loopback literal is reached without TLS from secure pages too, except in browsers that block that. */
            var local = [];
            var loopback = isLoopback(options.host);
            if (page !== "https:" || loopback) local.push("http://" + options.host + ":" + options.port);
            if (page === "https:") local.push("https://" + options.host + ":" + options.tlsPort);
            add("local", local, loopback ? "" : options.token);
        }
        if (options.relay && !isUnpaired(options)) add("relay", [options.relay], tokenFor(options, options.relay));
        return rungs;
    }

    function pageProtocol() {
        return root.location ? root.location.protocol : "http:";
    }

    /** The token for a gateway: the page's own, else the one from pairing. */
    function tokenFor(options, base) {
        return options.token || memory.read("token:" + base) || "";
    }

    function isUnpaired(options) {
        return options.relay !== "" && !tokenFor(options, options.relay);
    }

    /** The rungs with the winner of the last day in front. */
    function remembered(rungs, name) {
        var parts = /^(\d+) (.+)$/.exec(memory.read(name) || "");
        if (!parts || now() - Number(parts[1]) > REMEMBERED) return rungs;
        var first = [];
        var rest = [];
        for (var i = 0; i < rungs.length; i++) (rungs[i].id === parts[2] ? first : rest).push(rungs[i]);
        return first.concat(rest);
    }

    /**
     * Try rungs one after the other, each with a head start; the first that answers wins and the others are dropped.
     * `open(rung, on)` starts one; `done.won(rung, channel, welcome)` or `done.lost(refusals)` is called once.
     */
    function race(rungs, open, done) {
        var started = 0;
        var open_ = 0;
        var over = false;
        var refusals = [];
        var refusedGroups = {};
        var drops = [];
        var timer = 0;

        function stop(winner) {
            over = true;
            clearTimeout(timer);
            for (var i = 0; i < drops.length; i++) if (i !== winner) drops[i]();
        }

        function next() {
            clearTimeout(timer);
            while (started < rungs.length && refusedGroups[rungs[started].group]) started++;
            if (over || started === rungs.length) return false;
            start(started++);
            timer = setTimeout(next, STAGGER);
            return true;
        }

        function start(index) {
            var rung = rungs[index];
            var slot = drops.length;
            open_++;
            drops.push(nothing);
            drops[slot] = open(rung, {
                ready: function (channel, welcome) {
                    if (over) return channel.close();
                    stop(slot);
                    return done.won(rung, channel, welcome);
                },
                failed: function (refused) {
                    if (over) return;
                    open_--;
                    if (refused) {
                        refusals.push(refused);
                        refusedGroups[rung.group] = true; // the same server would say the same on the other transports
                    }
                    if (!next() && open_ === 0) {
                        stop(-1);
                        done.lost(refusals);
                    }
                }
            });
        }

        if (!next()) later(function () { done.lost([]); });
        return function () { stop(-1); };
    }

    /** What the browser's permission for programs on this computer or network is: `done("granted" | "denied" | "prompt" | "")`. */
    function permission(host, done) {
        var names = [isLoopback(host) ? "loopback-network" : "local-network", "local-network-access"];
        var permissions = root.navigator && root.navigator.permissions;

        function ask() {
            if (!names.length || !permissions || !permissions.query) return done("");
            var asked;
            try {
                asked = permissions.query({ name: names.shift() });
            } catch (error) {
                return ask(); // this browser has no permission of that name
            }
            return asked.then(function (status) { done(status.state); }, ask);
        }

        ask();
    }

    /* ---------------------------------------------------------------- the link */

    function Link(options) {
        this.options = options;
        this.state = "idle"; // then connecting, connected, waiting
        this.calls = {}; // id -> call
        this.order = []; // their ids, in the order of send()
        this.prefix = random().slice(0, 12) + "-";
        this.count = 0;
        this.flying = 0; // calls that were sent on this connection and have no answer
        this.subscribers = {};
        this.connection = null; // {channel, rung, welcome, since, heard, answered}
        this.session = null; // {id, base, lastSeq}: what can be resumed
        this.problem = null; // why there is no connection: {name, reason, message, permission}
        this.attempts = 0;
        this.failures = 0; // attempts in vain since the last good connection
        this.tried = 0; // when the last one failed
        this.timer = 0;
        this.winner = "winner:" + [options.url || options.host + ":" + options.port + ":" + options.tlsPort, options.relay].join(" ");
    }

    Link.prototype = {
        constructor: Link,

        /* -------- connecting */

        /** Connect when nothing is connected or on its way. */
        wake: function () {
            if (this.state === "idle") this.connect();
            else if (this.state === "waiting" && now() - this.tried > FIRST_WAIT) this.connect();
        },

        connect: function () {
            var link = this;
            clearTimeout(this.timer);
            this.listen();
            this.state = "connecting";
            this.attempts++;
            var rungs = remembered(rungsFor(this.options, pageProtocol()), this.winner);
            this.stop = race(rungs, function (rung, on) { return link.open(rung, on); }, {
                won: function (rung, channel, welcome) { link.connected(rung, channel, welcome); },
                lost: function (refusals) { link.lost(refusals); }
            });
        },

        /** Try one rung; frames and the end of a connection count only while it is the one in use. */
        open: function (rung, on) {
            var link = this;
            var channel = null;
            var greeting = {};
            if (this.session && this.session.base === rung.base) {
                greeting.session = this.session.id;
                greeting.lastSeq = this.session.lastSeq;
            }

            function current() {
                return channel !== null && link.connection !== null && link.connection.channel === channel;
            }

            return (rung.kind === "websocket" ? openSocket : openPoll)(rung, greeting, {
                ready: function (opened, welcome) {
                    channel = opened;
                    on.ready(opened, welcome);
                },
                failed: on.failed,
                frame: function (frame) { if (current()) link.frame(frame); },
                gone: function (refused) { if (current()) link.gone(refused); }
            });
        },

        connected: function (rung, channel, welcome) {
            var resumed = !welcome.reset && this.session !== null;
            var lastSeq = resumed ? this.session.lastSeq : welcome.seq;
            this.state = "connected";
            this.problem = null;
            this.session = { id: welcome.session, base: rung.base, lastSeq: lastSeq };
            this.connection = { channel: channel, rung: rung, welcome: welcome, since: now(), heard: now(), pinged: now(), answered: false };
            memory.write(this.winner, now() + " " + rung.id);
            for (var i = 0; i < this.order.length; i++) this.calls[this.order[i]].sent = false;
            this.flying = 0;
            this.beat();
            this.tell(this.connectedEvent(resumed));
            this.pump();
        },

        connectedEvent: function (resumed) {
            var rung = this.connection.rung;
            return {
                name: "CONNECTED",
                transport: rung.kind,
                address: rung.base,
                relayed: rung.group === "relay",
                resumed: resumed,
                sn: this.connection.welcome.sn,
                version: this.connection.welcome.version
            };
        },

        /** The connection in use has ended by itself. */
        gone: function (refused) {
            var connection = this.connection;
            this.connection = null;
            if (connection.answered || now() - connection.since > SETTLED) this.failures = 0;
            this.retry();
            if (refused) this.refused(refused);
            else this.report("connection-lost", REASONS["connection-lost"], "");
        },

        /** Every rung has failed: say why, and come again. */
        lost: function (refusals) {
            var link = this;
            if (refusals.length) {
                this.retry();
                this.refused(refusals[refusals.length - 1]);
                return;
            }
            var attempt = this.attempts;
            this.diagnose(function (refused, state) {
                if (link.attempts !== attempt) return;
                link.retry();
                /* Where a page may go through a relay, pairing is what helps. */
                if (refused) link.refused(isUnpaired(link.options) ? refusal("not-paired") : refused, state);
                else if (isUnpaired(link.options)) link.report("not-paired", REASONS["not-paired"], state);
                else link.report("agent-absent", link.absence(), state);
            });
        },

        /** Why nothing answered: a refused WebSocket looks like an absent server, until it is asked in a way that every page may. */
        diagnose: function (done) {
            var bases = rungsFor(this.options, pageProtocol());
            var host = this.options.host;
            var local = !this.options.url;
            var asked = {};

            function next() {
                var rung = bases.shift();
                if (!rung) {
                    if (!local) return done(null, "");
                    return permission(host, function (state) {
                        var hint = root.isSecureContext === false ? REASONS["page-not-secure"] : "";
                        done(state === "denied" ? refusal("permission-denied", hint) : null, state);
                    });
                }
                if (asked[rung.base] || rung.group === "relay") return next();
                asked[rung.base] = true;
                return request("GET", rung.base + "/webapi/status", null, {}, GREETING, function (status, answer) {
                    if (answer && answer.local === false) done(refusal("not-paired", answer.message), "");
                    else if (answer && answer.originAllowed === false) done(refusal("origin-not-approved", answer.message), "");
                    else if (answer && answer.success === false && status < 500) done(refusal("refused", answer.message), "");
                    else next();
                });
            }

            next();
        },

        absence: function () {
            var options = this.options;
            if (options.url) return "No Printbus answers at " + options.url + ".";
            var message = isLoopback(options.host) ? REASONS["agent-absent"] : "No Printbus answers at " + options.host + ".";
            return options.relay ? message + " Nor does one answer at " + options.relay + "." : message;
        },

        /** The server or the browser said no: waiting calls are told at once, for waiting does not help them. */
        refused: function (refused, state) {
            if (refused.reason === "not-paired") {
                memory.write("token:" + (this.options.url || this.options.relay), null);
            }
            this.report(refused.reason, refused.message, state || "");
            var waiting = this.order.slice();
            for (var i = 0; i < waiting.length; i++) this.fail(waiting[i], refused.message, refused.reason);
        },

        retry: function () {
            var link = this;
            var wait = Math.min(FIRST_WAIT * Math.pow(2, this.failures), LONGEST_WAIT);
            this.failures++;
            this.tried = now();
            this.state = "waiting";
            clearTimeout(this.timer);
            this.timer = setTimeout(function () { link.connect(); }, wait * (0.75 + Math.random() / 4));
        },

        /** Subscribers learn why there is no connection; the same reason is told once. */
        report: function (reason, message, state) {
            var before = this.problem;
            this.problem = { name: "DISCONNECTED", reason: reason, message: message };
            if (state) this.problem.permission = state;
            if (!before || before.reason !== reason || before.message !== message) this.tell(this.problem);
        },

        /** When the network comes back, or somebody looks at the page again, do not wait for the timer. */
        listen: function () {
            var link = this;
            if (this.listening || !root.addEventListener) return;
            this.listening = true;
            var again = function () { if (link.state === "waiting") link.connect(); };
            root.addEventListener("online", again);
            if (root.document) root.document.addEventListener("visibilitychange", function () { if (!root.document.hidden) again(); });
        },

        /** Ping, and give up a connection from which nothing was heard for too long (also after the computer slept). */
        beat: function () {
            var link = this;
            var connection = this.connection;
            setTimeout(function () {
                if (link.connection !== connection) return;
                if (now() - connection.heard > DEAD_AFTER) {
                    connection.channel.close();
                    link.gone(null);
                    return;
                }
                if (connection.rung.kind === "websocket" && now() - connection.pinged >= PING_EVERY) {
                    connection.pinged = now();
                    connection.channel.send('{"command":"PING"}');
                }
                link.beat();
            }, PING_EVERY / 5);
        },

        /* -------- what comes */

        frame: function (frame) {
            this.connection.heard = now();
            if (frame.command === "PING") this.connection.channel.send('{"command":"PONG"}');
            else if (frame.command === "EVENT") this.event(frame);
            else if (frame.command === "CALLBACK") this.answer(frame);
            else if (frame.command === "RESET") this.tell(this.connectedEvent(false)); // events were lost
        },

        /** Events rise in `seq`; what is not above the last one was told already. */
        event: function (frame) {
            if (typeof frame.name !== "string") return;
            if (typeof frame.seq === "number") {
                if (frame.seq <= this.session.lastSeq) return;
                this.session.lastSeq = frame.seq;
            }
            var event = {};
            for (var key in frame) {
                if (Object.prototype.hasOwnProperty.call(frame, key) && key !== "command" && key !== "seq") event[key] = frame[key];
            }
            if (event.task !== undefined) event.taskInfo = event.task;
            this.tell(event);
        },

        tell: function (event) {
            var told = (this.subscribers["$" + event.name] || []).concat(this.subscribers["$*"] || []);
            for (var i = 0; i < told.length; i++) if (told[i].callback) shout(told[i].callback, event);
        },

        answer: function (frame) {
            var link = this;
            var call = typeof frame.id === "string" && this.calls["$" + frame.id];
            if (!call || typeof frame.success !== "boolean") return;
            this.connection.answered = true;
            if (frame.retry === true && !frame.success) {
                call.busy = frame.message;
                setTimeout(function () {
                    if (link.calls["$" + call.id] !== call || !call.sent) return;
                    call.sent = false;
                    link.flying--;
                    link.pump();
                }, BUSY_WAIT);
                return;
            }
            delete frame.id;
            this.finish(call, frame);
        },

        /* -------- calls */

        /** Begin a call. `data` is taken as it is now: what the page does to it later is not sent. */
        call: function (command, data, onOk, onFail) {
            var made = deferred();
            var id = this.prefix + ++this.count;
            var call = { id: id, command: command, onOk: onOk, onFail: onFail, made: made, sent: false, uploads: [], uploading: false };
            var link = this;
            if (typeof onOk === "function" || typeof onFail === "function") made.promise.then(nothing, nothing);
            this.calls["$" + id] = call;
            if (!command.replace(/\s/g, "")) {
                later(function () { link.fail("$" + id, "command is missing: write its name, such as listDevices."); });
                return made.promise;
            }
            try {
                call.body = JSON.stringify(data === undefined || data === null ? {} : data);
            } catch (error) {
                later(function () { link.fail("$" + id, "data cannot be sent: " + error.message); });
                return made.promise;
            }
            if (this.state !== "connected" && this.order.length >= MAX_WAITING) {
                later(function () { link.fail("$" + id, MAX_WAITING + " calls are waiting for a connection already: " + link.why()); });
                return made.promise;
            }
            if (PRINTING[command]) {
                call.uploads = largeContents(data);
                if (!hasKey(data)) call.key = random();
            }
            var large = call.uploads.length > 0 || call.body.length > LARGE;
            var timeout = this.options.timeout * (large ? LARGE_FACTOR : 1);
            call.timer = setTimeout(function () { link.expire(call, timeout); }, timeout);
            this.order.push("$" + id);
            if (this.state === "connected") this.pump();
            else this.wake();
            return made.promise;
        },

        why: function () {
            return this.problem ? this.problem.message : "the connection is being made; perhaps the browser waits for your permission.";
        },

        expire: function (call, timeout) {
            var after = "No answer to " + call.command + " within " + Math.round(timeout / 1000) + " s";
            if (this.state !== "connected") this.fail("$" + call.id, after + ": " + this.why(), this.problem ? this.problem.reason : "timeout");
            else if (call.busy) this.fail("$" + call.id, String(call.busy), "timeout");
            else this.fail("$" + call.id, after + "; it may still be carried out.", "timeout");
        },

        /** Send what is not sent. A print waits behind one whose document is still on its way up, so that order holds. */
        pump: function () {
            var held = false;
            for (var i = 0; i < this.order.length && this.state === "connected"; i++) {
                var call = this.calls[this.order[i]];
                var prints = PRINTING[call.command] === true;
                if (call.sent || (prints && held)) continue;
                if (call.uploads.length) {
                    held = true;
                    this.upload(call);
                } else if (this.flying >= this.connection.welcome.atOnce) {
                    return; // an answer lets the next one go
                } else if (!this.deliver(call)) {
                    i--; // it has failed and is no longer in the list
                }
            }
        },

        /** False when the call is too large and has failed. */
        deliver: function (call) {
            var text = '{"id":' + JSON.stringify(call.id) + ',"command":' + JSON.stringify(call.command);
            if (call.key) text += ',"key":"' + call.key + '"';
            text += ',"data":' + call.body + "}";
            var longest = this.connection.welcome.longest;
            if (text.length * 3 > longest && bytesOf(text) > longest) {
                this.fail("$" + call.id, call.command + " is too large: the server takes at most " + longest + " bytes at once.");
                return false;
            }
            call.sent = true;
            this.flying++;
            this.connection.channel.send(text);
            return true;
        },

        /** The end of a call: exactly one callback, once. */
        finish: function (call, response) {
            var name = "$" + call.id;
            if (this.calls[name] !== call) return;
            delete this.calls[name];
            clearTimeout(call.timer);
            if (call.sent) {
                this.flying--;
                if (this.order.length > this.flying + 1) later(this.pump.bind(this));
            }
            for (var i = 0; i < this.order.length; i++) {
                if (this.order[i] === name) {
                    this.order.splice(i, 1);
                    break;
                }
            }
            if (response.success) {
                var value = this.options.callbackStyle === "response" ? response : response.data;
                if (typeof call.onOk === "function") shout(call.onOk, value, response);
                call.made.resolve(value);
                return;
            }
            var message = String(response.message || call.command + " failed.");
            var error = new Error(message);
            error.name = "WebprinterError";
            error.response = response;
            if (response.reason) error.reason = response.reason;
            if (typeof call.onFail === "function") shout(call.onFail, message, response);
            call.made.reject(error);
        },

        /** Fail a call with an envelope of our own. */
        fail: function (name, message, reason) {
            var call = this.calls[name];
            if (!call) return;
            var response = { success: false, message: message, command: "CALLBACK" };
            if (reason) response.reason = reason;
            this.finish(call, response);
        },

        /* -------- large documents */

        /** Bring the next large document of a call to the server; then its address stands in the call instead. */
        upload: function (call) {
            var link = this;
            var connection = this.connection;
            if (call.uploading === connection) return;
            call.uploading = connection;
            call.data = call.data || JSON.parse(call.body);
            var task = tasksOf(call.data)[call.uploads[0]];
            var form = fileForm(task);
            if (!form) {
                call.uploading = false;
                this.uploaded(call); // not base64 after all: the server says what is wrong with it
                later(function () { link.pump(); });
                return;
            }
            var address = connection.rung.base + "/webapi/upload";
            request("POST", address, form, { "Webapi-Session": connection.welcome.session }, this.options.timeout * LARGE_FACTOR, function (status, answer) {
                if (call.uploading !== connection || link.calls["$" + call.id] !== call) return;
                call.uploading = false;
                var file = answer && answer.success && isObject(answer.file) ? answer.file : null;
                if (file) {
                    task.mediaSource = "URL";
                    task.content = file.url;
                    if (!task.mediaFormat) task.mediaFormat = file.mediaFormat;
                    call.tries = 0;
                    link.uploaded(call);
                    link.pump();
                } else if (status >= 400 && status < 500 && status !== 410 && answer) {
                    link.fail("$" + call.id, String(answer.message || "The document could not be uploaded."));
                } else {
                    call.tries = (call.tries || 0) + 1;
                    if (call.tries >= UPLOAD_TRIES) link.fail("$" + call.id, "The document could not be uploaded; nothing was printed.");
                    else setTimeout(function () { link.pump(); }, BUSY_WAIT);
                }
            });
        },

        /** One document less to bring up; with the last one the call is as it will be sent. */
        uploaded: function (call) {
            call.uploads.shift();
            if (call.uploads.length) return;
            call.body = JSON.stringify(call.data);
            call.data = null;
        },

        /* -------- pairing: `pair` is done here, for it makes the connection possible */

        pair: function (data, onOk, onFail) {
            var link = this;
            var made = deferred();
            var base = this.options.relay || this.options.url;
            var call = { id: this.prefix + ++this.count, command: "pair", onOk: onOk, onFail: onFail, made: made };
            var name = "$" + call.id;
            this.calls[name] = call;
            if (typeof onOk === "function" || typeof onFail === "function") made.promise.then(nothing, nothing);
            if (!base) {
                later(function () { link.fail(name, "Pairing needs the option relay: the address of the gateway to print through."); });
                return made.promise;
            }
            var body = JSON.stringify({ code: isObject(data) ? data.code : data });
            request("POST", base + "/webapi/pair", body, { "Webapi-Session": "new" }, this.options.timeout, function (status, answer) {
                var paired = answer && answer.success && isObject(answer.data) && typeof answer.data.token === "string";
                if (!paired) {
                    link.fail(name, String((answer && answer.message) || "No Printbus answers at " + base + "."), answer ? "not-paired" : "agent-absent");
                    return;
                }
                memory.write("token:" + base, answer.data.token);
                link.options.token = answer.data.token;
                delete answer.data.token; // the page has no need to know it
                if (link.state !== "connected") {
                    if (link.stop) link.stop();
                    link.connect();
                }
                link.finish(call, answer);
            });
            return made.promise;
        },

        /* -------- subscribers */

        subscribe: function (name, callback) {
            var link = this;
            var subscriber = { callback: callback };
            var key = "$" + name;
            this.subscribers[key] = (this.subscribers[key] || []).concat([subscriber]);
            var state = this.connection && name === "CONNECTED" ? this.connectedEvent(false) : name === "DISCONNECTED" ? this.problem : null;
            if (state) later(function () { if (subscriber.callback) shout(subscriber.callback, state); });
            this.wake();
            return function () {
                var kept = [];
                for (var i = 0; i < link.subscribers[key].length; i++) {
                    if (link.subscribers[key][i] !== subscriber) kept.push(link.subscribers[key][i]);
                }
                link.subscribers[key] = kept;
                subscriber.callback = null;
            };
        }
    };

    /* ---------------------------------------------------------------- documents in calls */

    function tasksOf(data) {
        if (!isObject(data)) return [];
        if (data.tasks instanceof Array) return data.tasks;
        return isObject(data.task) ? [data.task] : [];
    }

    /** Whether the page keeps repetitions apart itself: of the call, or of each task in it. */
    function hasKey(data) {
        if (isObject(data) && data.idempotencyKey) return true;
        var tasks = tasksOf(data);
        for (var i = 0; i < tasks.length; i++) if (!isObject(tasks[i]) || !tasks[i].idempotencyKey) return false;
        return tasks.length > 0;
    }

    /** Places of the tasks whose base64 is too large for a message. */
    function largeContents(data) {
        var tasks = tasksOf(data);
        var found = [];
        if (typeof root.FormData !== "function" || typeof root.Blob !== "function" || typeof root.atob !== "function") return found;
        for (var i = 0; i < tasks.length; i++) {
            var task = tasks[i];
            var base64 = isObject(task) && String(task.mediaSource).toUpperCase() === "BASE64";
            if (base64 && typeof task.content === "string" && task.content.length > LARGE) found.push(i);
        }
        return found;
    }

    /** The document of a task as a form with one file; null when its content is not base64. */
    function fileForm(task) {
        var text = task.content.replace(/^data:[^,]*,/, "").replace(/\s+/g, "").replace(/-/g, "+").replace(/_/g, "/");
        var parts = [];
        try {
            for (var at = 0; at < text.length; at += LARGE) {
                var piece = root.atob(text.slice(at, at + LARGE));
                var bytes = new Uint8Array(piece.length);
                for (var i = 0; i < piece.length; i++) bytes[i] = piece.charCodeAt(i);
                parts.push(bytes);
            }
        } catch (error) {
            return null;
        }
        var suffixes = { WORD: ".docx", EXCEL: ".xlsx", PPT: ".pptx", TEXT: ".txt" };
        var format = String(task.mediaFormat || "").toUpperCase();
        var name = String(task.name || "document") + (suffixes[format] || (format ? "." + format.toLowerCase() : ""));
        var form = new root.FormData();
        form.append("file", new root.Blob(parts), name);
        return form;
    }

    /* ---------------------------------------------------------------- what a page sees */

    function transportsOf(given) {
        var known = ["websocket", "longpoll"];
        if (!(given instanceof Array) || !given.length) return known;
        for (var i = 0; i < given.length; i++) {
            if (given[i] !== known[0] && given[i] !== known[1]) {
                throw new TypeError("Webprinter: transports may name websocket and longpoll, not " + given[i]);
            }
        }
        return given.slice();
    }

    /**
     * A connection to Printbus; one per page is enough. It connects at the first send or subscribe, not before, because the
     * browser may then ask the user for permission. Options, all optional: host, port, tlsPort (the server on this computer), url
     * (one server and no other), relay (a gateway to go through when this computer has none), token, timeout (ms), callbackStyle ("data"
     * or "response"), transports (["websocket", "longpoll"]).
     */
    function Webprinter(options) {
        if (!(this instanceof Webprinter)) return new Webprinter(options);
        var given = options || {};
        var link = new Link({
            host: String(given.host || HOST),
            port: Number(given.port || PORT),
            tlsPort: Number(given.tlsPort || TLS_PORT),
            url: given.url ? baseOf(given.url) : "",
            relay: given.relay ? baseOf(given.relay) : "",
            token: given.token ? String(given.token) : "",
            timeout: Number(given.timeout) > 0 ? Number(given.timeout) : TIMEOUT,
            callbackStyle: given.callbackStyle === "response" ? "response" : "data",
            transports: transportsOf(given.transports)
        });

        /** Say a command. Resolves with its data; exactly one of onOk(data, response) and onFail(message, response) is called, once. */
        this.send = function (command, data, onOk, onFail) {
            if (typeof data === "function") return link.begin(command, {}, data, onOk);
            return link.begin(command, data, onOk, onFail);
        };

        /** Hear an event by name, or all with "*"; also CONNECTED and DISCONNECTED. Gives back a function that ends it. */
        this.subscribe = function (name, callback) {
            if (typeof callback !== "function") throw new TypeError("Webprinter: subscribe(name, callback) needs a function");
            if (!/^(NewTaskEvent|UpdateTaskStatusEvent|EndTaskEvent|CONNECTED|DISCONNECTED|\*)$/.test(String(name))) {
                warn("subscribe(\"" + name + "\") hears nothing: there are NewTaskEvent, UpdateTaskStatusEvent, EndTaskEvent, CONNECTED, " +
                    "DISCONNECTED, and * for all");
            }
            return link.subscribe(String(name), callback);
        };
        return this;
    }

    Link.prototype.begin = function (command, data, onOk, onFail) {
        if (command === "pair") return this.pair(data, onOk, onFail);
        return this.call(typeof command === "string" ? command : "", data, onOk, onFail);
    };

    return Webprinter;
});
