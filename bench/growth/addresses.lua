-- Requests without a token, each from another client address (X-Forwarded-For); the result as wrk.lua prints it.
-- Arguments: "-", number of the first address, path up to the number.
dofile((debug.getinfo(1, "S").source:gsub("^@", ""):gsub("growth/attack%.lua$", "wrk.lua")))

local head = ""
local next_address = 0

function init(args)
  head = wrk.format("GET", args[3] .. "1"):gsub("\r\n\r\n$", "\r\nX-Forwarded-For: 10.")
  next_address = tonumber(args[2])
end

function request()
  local n = next_address % 16777216
  next_address = next_address + 1
  return head .. math.floor(n / 65536) .. "." .. math.floor(n / 256) % 256 .. "." .. n % 256 .. "\r\n\r\n"
end
