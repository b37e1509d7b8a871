-- Each request brings the next line of a file: a username, what the browser's cookies are, and of a
-- change the CSRF token and the body.

local requests, last = {}, 0

function init(arguments)
  local first, pause = tonumber(arguments[2]), tonumber(arguments[3])
  local agent = arguments[4]
  local origin = "http://" .. wrk.host .. ":" .. wrk.port
  for line in io.lines(arguments[1]) do
    local cookie, token, body = line:match("^[^\t]*\t([^\t]*)\t?([^\t]*)\t?(.*)$")
    local headers = { Cookie = cookie, ["User-Agent"] = agent }
    if body ~= "" then
      headers["Origin"] = origin
      headers["X-CSRF-Token"] = token
      headers["Content-Type"] = "application/json"
    end
    requests[#requests + 1] = wrk.format(body ~= "" and "POST" or "GET", nil, headers, body)
  end
  last = first % #requests
  if pause > 0 then
    -- By chance, so that connections do not march in step.
    function delay()
      return math.random(0, 2 * pause)
    end
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p99":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
